# Reference numbers for bootstrap intervals, from R 4.2 (boot 1.3). Run in this folder: Rscript resampling.R
# Data: 15 law schools, Efron & Tibshirani (1993), An Introduction to the Bootstrap, table 3.1.
# Writes resampling_law.csv, resampling_replicates.csv (the correlation of each bootstrap sample), resampling_reference.csv.
library(boot)
law <- data.frame(
  lsat = c(576, 635, 558, 578, 666, 580, 555, 661, 651, 605, 653, 575, 545, 572, 594),
  gpa = c(3.39, 3.30, 2.81, 3.03, 3.44, 3.07, 3.00, 3.43, 3.36, 3.13, 3.12, 2.74, 2.76, 2.88, 2.96)
)
statistic <- function(data, i) cor(data$lsat[i], data$gpa[i])
set.seed(20250131)
drawn <- boot(law, statistic, R = 1000)
# boot's jackknife influence values are taken about the estimate; centred on their mean they give the acceleration of
# Efron & Tibshirani (14.15), which is also what R's bootstrap::bcanon computes.
influence <- empinf(data = law, statistic = statistic, stype = "i", type = "jack")
uncentred <- influence
influence <- influence - mean(influence)
rows <- list()
keep <- function(id, value) rows[[length(rows) + 1]] <<- data.frame(id = id, value = sprintf("%.15g", unname(value)))
keep("estimate", drawn$t0)
keep("acceleration", sum(influence^3) / (6 * sum(influence^2)^1.5))
keep("acceleration_uncentred", sum(uncentred^3) / (6 * sum(uncentred^2)^1.5))
for (level in c(0.5, 0.9, 0.95)) {
  limits <- boot.ci(drawn, conf = level, type = c("bca", "perc", "basic"), L = influence)
  for (kind in c("bca", "percent", "basic")) {
    keep(paste(kind, level, "low", sep = "."), limits[[kind]][4])
    keep(paste(kind, level, "high", sep = "."), limits[[kind]][5])
  }
}
write.csv(law, "resampling_law.csv", row.names = FALSE, quote = FALSE)
write.csv(data.frame(r = sprintf("%.15g", drawn$t[, 1])), "resampling_replicates.csv", row.names = FALSE, quote = FALSE)
write.csv(do.call(rbind, rows), "resampling_reference.csv", row.names = FALSE, quote = FALSE)
