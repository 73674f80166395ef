# Reference values of tests/test_calibrated.py: standard errors of means after post-stratification and raking in R
# survey, schools of its data sets apiclus1 and apistrat.
# Run in this folder: Rscript calibrated.R. Writes calibrated_schools.csv (with the weights that R gives each school)
# and calibrated_expected.csv. "post": postStratify. "cells": postStratify by two columns. "again": the raked weights
# calibrated once more to the same margins, so that the residuals' regression has these weights. "rake": as rake leaves
# them, whose residuals come from a regression without weights.
suppressMessages(library(survey))
data(api)
options(digits = 17, survey.lonely.psu = "fail")

types <- data.frame(stype = c("E", "H", "M"), Freq = c(4421, 755, 1018))
wide <- data.frame(sch_wide = c("No", "Yes"), Freq = c(1072, 5122))
both <- as.data.frame(table(stype = apipop$stype, sch_wide = apipop$sch.wide))
totals <- c("(Intercept)" = 6194, stypeH = 755, stypeM = 1018, sch_wideYes = 5122)
number <- function(x) format(as.numeric(x), digits = 17, trim = TRUE)

# +1 where api00 >= 750, -1 where it is below 550, written as the answers 10, 8, 0; some schools did not answer
answer <- function(api00) ifelse(api00 >= 750, 10, ifelse(api00 < 550, 0, 8))
school <- function(d) {
  score <- answer(d$api00)
  data.frame(stype = d$stype, sch_wide = d$sch.wide, awards = d$awards, district = d$dnum, fpc = d$fpc, pw = d$pw,
             api00 = d$api00, enroll = d$enroll, score = score,
             some = ifelse(d$enroll %% 11 == 0, NA, score))
}
clus <- school(apiclus1)
strat <- school(apistrat)
# weights that differ inside the cells
clus$uneven <- clus$pw * (1 + clus$district %% 3)
strat$uneven <- strat$pw * (1 + strat$district %% 3)
values <- function(d) transform(d, value = (score >= 9) - (score <= 6), answered = (some >= 9) - (some <= 6))
designs <- list(
  "answers" = list(id = ~1, weights = ~pw, data = clus),
  "answers uneven" = list(id = ~1, weights = ~uneven, data = clus),
  "answers fpc" = list(id = ~1, weights = ~pw, fpc = ~size, data = transform(clus, size = 1000)),
  "clusters" = list(id = ~district, weights = ~pw, data = clus),
  "clusters fpc" = list(id = ~district, weights = ~pw, fpc = ~fpc, data = clus),
  "clusters uneven" = list(id = ~district, weights = ~uneven, data = clus),
  "strata" = list(id = ~1, strata = ~stype, weights = ~pw, data = strat),
  "strata fpc" = list(id = ~1, strata = ~stype, weights = ~pw, fpc = ~fpc, data = strat),
  "strata uneven" = list(id = ~1, strata = ~stype, weights = ~uneven, data = strat))
rows <- NULL
keep <- function(id, m) {
  rows <<- rbind(rows, data.frame(id = id, estimate = number(coef(m)[1]), std_error = number(SE(m)[1])))
}
schools <- NULL
for (name in names(designs)) {
  how <- designs[[name]]
  how$data <- values(how$data)
  plain <- do.call(svydesign, how)
  fitted <- list(
    post = postStratify(plain, ~sch_wide, wide),
    cells = postStratify(plain, ~stype + sch_wide, both),
    rake = rake(plain, list(~stype, ~sch_wide), list(types, wide), control = list(maxit = 1000, epsilon = 1e-13)))
  raked <- how
  raked$data$raked <- weights(fitted$rake)
  raked$weights <- ~raked
  fitted$again <- calibrate(do.call(svydesign, raked), ~stype + sch_wide, totals, calfun = "raking", epsilon = 1e-12)
  for (kind in names(fitted)) {
    design <- fitted[[kind]]
    for (column in c("api00", "enroll", "value", "answered")) {
      keep(paste(name, kind, column), svymean(as.formula(paste0("~", column)), design, na.rm = TRUE))
    }
    for (which in c("Yes", "No")) {
      part <- subset(design, awards == which)
      keep(paste(name, kind, "api00 awards", which), svymean(~api00, part))
      keep(paste(name, kind, "value awards", which), svymean(~value, part))
    }
  }
  d <- how$data[, c("stype", "sch_wide", "awards", "district", "fpc", "api00", "enroll", "score", "some")]
  d <- cbind(sample = name, d)
  for (kind in c("post", "cells", "rake")) d[[kind]] <- number(weights(fitted[[kind]]))
  # the others have the weights of one of these
  if (name %in% c("answers", "answers uneven", "strata", "strata uneven")) schools <- rbind(schools, d)
}
write.csv(schools, "calibrated_schools.csv", row.names = FALSE, quote = FALSE, na = "")
write.csv(rows, "calibrated_expected.csv", row.names = FALSE, quote = FALSE)
cat(R.version.string, "survey", as.character(packageVersion("survey")), "\n")
