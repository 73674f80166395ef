# Reference values of tests/test_nps.py and tests/test_tally.py: weighted and clustered samples in R survey
# (schools of its data sets apistrat and apiclus1), without strata and finite population correction.
# Run in this folder: Rscript nps.R. Writes nps_answers.csv, nps_clusters.csv and nps_expected.csv.
suppressMessages(library(survey))
data(api)
options(digits = 17, survey.lonely.psu = "fail")

# +1 where api00 >= 750, -1 where it is below 550, written as the answers 10, 8, 0
answer <- function(api00) ifelse(api00 >= 750, 10, ifelse(api00 < 550, 0, 8))
strat <- data.frame(design = "apistrat", score = answer(apistrat$api00), weight = apistrat$pw,
                    cluster = apistrat$dnum, type = apistrat$stype)
# the weights of apiclus1 are all equal; these differ within the clusters
clus <- data.frame(design = "apiclus1", score = answer(apiclus1$api00),
                   weight = apiclus1$pw * (1 + (apiclus1$enroll %% 7) / 7), cluster = apiclus1$dnum, type = apiclus1$stype)
write.csv(rbind(strat, clus), "nps_answers.csv", row.names = FALSE, quote = FALSE)
sums <- aggregate(cbind(weight = pw, total = pw * api00) ~ dnum, apiclus1, sum)
write.csv(sums, "nps_clusters.csv", row.names = FALSE, quote = FALSE)

strat$value <- (strat$score >= 9) - (strat$score <= 6)
clus$value <- (clus$score >= 9) - (clus$score <= 6)
rows <- NULL
keep <- function(id, estimate, std_error) {
  number <- function(x) format(as.numeric(x), digits = 17)
  rows <<- rbind(rows, data.frame(id = id, estimate = number(estimate), std_error = number(std_error)))
}
mean_of <- function(id, formula, design) {
  m <- svymean(formula, design)
  keep(id, coef(m)[1], SE(m)[1])
}
samples <- list(apistrat = strat, apiclus1 = clus)
for (name in names(samples)) {
  design <- svydesign(id = ~1, weights = ~weight, data = samples[[name]])
  mean_of(paste0(name, " nps weights"), ~value, design)
  mean_of(paste0(name, " share weights"), ~I(1 * (score >= 9)), design)
  keep(paste0(name, " variance of score"), svyvar(~score, design), NA)
  design <- svydesign(id = ~cluster, weights = ~weight, data = samples[[name]])
  mean_of(paste0(name, " nps weights cluster"), ~value, design)
  mean_of(paste0(name, " share weights cluster"), ~I(1 * (score >= 9)), design)
  mean_of(paste0(name, " nps cluster"), ~value, svydesign(id = ~cluster, weights = ~1, data = samples[[name]]))
  # each type as a sample of its own
  for (type in c("E", "H", "M")) {
    own <- samples[[name]][samples[[name]]$type == type, ]
    mean_of(paste(name, "nps weights cluster", type), ~value, svydesign(id = ~cluster, weights = ~weight, data = own))
  }
}
# Wilson intervals of 0, 1 and 87 of 263
for (x in c(0, 1, 87)) {
  ends <- prop.test(x, 263, correct = FALSE)$conf.int
  keep(paste("wilson low", x), ends[1], NA)
  keep(paste("wilson high", x), ends[2], NA)
}
mean_of("apiclus1 api00 with fpc", ~api00, svydesign(id = ~dnum, weights = ~pw, data = apiclus1, fpc = ~fpc))
mean_of("apiclus1 api00", ~api00, svydesign(id = ~dnum, weights = ~pw, data = apiclus1))
write.csv(rows, "nps_expected.csv", row.names = FALSE, quote = FALSE)
cat(R.version.string, "survey", as.character(packageVersion("survey")), "\n")
