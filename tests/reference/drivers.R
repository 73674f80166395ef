# Reference values for stated importance and the performance of drivers: R survey, factor means and means by linearisation.
# Rscript tests/reference/drivers.R tests/reference  (writes drivers_answers.csv and drivers_reference.csv)
library(survey)
folder <- commandArgs(trailingOnly = TRUE)[1]
set.seed(20261125)
units <- sprintf("u%02d", 1:14)
lean <- rnorm(14, 0, 0.9)
unit <- sample(14, 240, replace = TRUE)
draw <- function(i) {
  weight <- exp(c(ease = 0.6 + lean[unit[i]], resolution = 0.2, engagement = 0.2 - lean[unit[i]], waiting = -0.5))
  sample(names(weight), 1, prob = weight)
}
data <- data.frame(company = units[unit], stated_driver = sapply(1:240, draw), weight = round(runif(240, 0.4, 2.5), 2),
                   ease = pmin(pmax(round(rnorm(240, 6.5 + lean[unit], 2)), 1), 10))
write.csv(data, file.path(folder, "drivers_answers.csv"), row.names = FALSE, quote = FALSE)
data$f <- factor(data$stated_driver)
rows <- NULL
add <- function(design, name, value) rows <<- rbind(rows, data.frame(design = design, name = name, value = value))
designs <- list(
  clusters = svydesign(ids = ~company, weights = ~1, data = data),
  weights = svydesign(ids = ~1, weights = ~weight, data = data),
  both = svydesign(ids = ~company, weights = ~weight, data = data)
)
for (d in names(designs)) {
  m <- svymean(~f, designs[[d]])
  v <- vcov(m)
  for (i in seq_along(m)) {
    one <- sub("^f", "", names(m)[i])
    add(d, paste0("share ", one), coef(m)[[i]])
    add(d, paste0("error ", one), sqrt(v[i, i]))
  }
  k <- match(c("fresolution", "fengagement"), names(m))
  add(d, "error resolution - engagement", sqrt(v[k[1], k[1]] + v[k[2], k[2]] - 2 * v[k[1], k[2]]))
  e <- svymean(~ease, designs[[d]])
  add(d, "mean ease", coef(e)[[1]])
  add(d, "error of the mean ease", sqrt(vcov(e)[1, 1]))
}
rows$value <- sprintf("%.15g", rows$value)
write.csv(rows, file.path(folder, "drivers_reference.csv"), row.names = FALSE, quote = FALSE)
