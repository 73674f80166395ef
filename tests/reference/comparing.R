# Reference values of tests/test_comparing.py, test_comparing_groups.py, test_multiple.py and test_equivalence.py.
# Run in this folder: Rscript comparing.R. Writes comparing_reference.csv.
suppressMessages(library(survey))
options(digits = 17)
rows <- NULL
keep <- function(id, value) {
  rows <<- rbind(rows, data.frame(id = id, value = format(as.numeric(value), digits = 17)))
}
keep_test <- function(id, test) {
  keep(paste(id, "estimate"), test$estimate[1] - if (length(test$estimate) > 1) test$estimate[2] else 0)
  keep(paste(id, "std_error"), test$stderr)
  keep(paste(id, "ci_low"), test$conf.int[1])
  keep(paste(id, "ci_high"), test$conf.int[2])
  keep(paste(id, "statistic"), test$statistic)
  keep(paste(id, "df"), test$parameter)
  keep(paste(id, "p_value"), test$p.value)
}

# Ozone by month (R datasets): second month minus first, Welch
ozone <- function(month) airquality$Ozone[airquality$Month == month]
p <- NULL
for (pair in combn(5:9, 2, simplify = FALSE)) {
  test <- t.test(ozone(pair[2]), ozone(pair[1]))
  keep_test(paste("ozone", pair[1], pair[2]), test)
  p <- c(p, test$p.value)
}
for (how in c("holm", "BH")) {
  adjusted <- p.adjust(p, how)
  for (i in seq_along(p)) keep(paste(how, i), adjusted[i])
}
keep_test("ozone rest 8", t.test(ozone(8), airquality$Ozone[airquality$Month != 8]))
# equivalence within 20 ppb: the larger of two one-sided p-values
tost <- function(x, y, margin) {
  max(t.test(x, y, mu = -margin, alternative = "greater")$p.value, t.test(x, y, mu = margin, alternative = "less")$p.value)
}
keep("tost ozone 5 9", tost(ozone(9), ozone(5), 20))
keep("tost ozone 5 7", tost(ozone(7), ozone(5), 20))

# sixty customers asked twice; the tests make the same answers by these formulas
i <- 1:60
class_of <- function(answer) (answer >= 9) - (answer <= 6)
d <- data.frame(change = class_of((3 * i * i + 2) %% 11) - class_of((7 * i) %% 11), weight = 1 + i %% 4, cluster = i %% 9)
keep_test("paired", t.test(d$change))
mean_of <- function(id, design) {
  m <- svymean(~change, design)
  keep(paste(id, "estimate"), coef(m)[1])
  keep(paste(id, "std_error"), SE(m)[1])
}
mean_of("paired weights", svydesign(id = ~1, weights = ~weight, data = d))
mean_of("paired weights cluster", svydesign(id = ~cluster, weights = ~weight, data = d))
write.csv(rows, "comparing_reference.csv", row.names = FALSE, quote = FALSE)
cat(R.version.string, "survey", as.character(packageVersion("survey")), "\n")
