# Reference values of tests/test_survey_design.py and tests/test_reliability.py: stratified, clustered and weighted
# samples of schools in R survey (its data sets apistrat, apiclus1, apiclus2), and alpha and omega of base R's `attitude`.
# Run in this folder: Rscript measures.R. Writes measures_schools.csv, measures_attitude.csv and measures_expected.csv.
suppressMessages({library(survey); library(psych); library(lavaan)})
data(api)
options(digits = 17, survey.lonely.psu = "fail")

# +1 where api00 >= 750, -1 where it is below 550, written as the answers 10, 8, 0; some schools did not answer
answer <- function(api00) ifelse(api00 >= 750, 10, ifelse(api00 < 550, 0, 8))
school <- function(name, d, fpc) {
  silent <- d$enroll %% 11 == 0
  data.frame(design = name, api00 = d$api00, score = answer(d$api00), some = ifelse(silent, NA, answer(d$api00)),
             weight = d$pw, type = d$stype, district = d$dnum, within = paste(d$stype, d$dnum), awards = d$awards,
             fpc = fpc)
}
samples <- list(apistrat = school("apistrat", apistrat, apistrat$fpc), apiclus1 = school("apiclus1", apiclus1, apiclus1$fpc),
                apiclus2 = school("apiclus2", apiclus2, apiclus2$fpc1))
write.csv(do.call(rbind, samples), "measures_schools.csv", row.names = FALSE, quote = FALSE, na = "")
samples <- lapply(samples, function(d) {
  d$value <- (d$score >= 9) - (d$score <= 6)
  d$answered <- (d$some >= 9) - (d$some <= 6)
  d
})

rows <- NULL
number <- function(x) format(as.numeric(x), digits = 17)
keep <- function(id, estimate, std_error = NA, df = NA, low = NA, high = NA, deff = NA)
  rows <<- rbind(rows, data.frame(id = id, estimate = number(estimate), std_error = number(std_error), df = number(df),
                                  low = number(low), high = number(high), deff = number(deff)))
mean_of <- function(id, formula, design, df = degf(design)) {
  m <- svymean(formula, design, na.rm = TRUE, deff = "replace")
  ends <- confint(m, df = df)
  keep(id, coef(m)[1], SE(m)[1], df, ends[1], ends[2], deff(m)[1])
}
designs <- list(
  "apistrat strata" = svydesign(id = ~1, strata = ~type, weights = ~weight, data = samples$apistrat),
  "apistrat strata fpc" = svydesign(id = ~1, strata = ~type, weights = ~weight, fpc = ~fpc, data = samples$apistrat),
  "apistrat strata unweighted" = svydesign(id = ~1, strata = ~type, weights = ~1, data = samples$apistrat),
  "apistrat strata cluster" = svydesign(id = ~within, strata = ~type, weights = ~weight, data = samples$apistrat),
  "apistrat weights" = svydesign(id = ~1, weights = ~weight, data = samples$apistrat),
  "apiclus1 cluster" = svydesign(id = ~district, weights = ~weight, data = samples$apiclus1),
  "apiclus1 cluster fpc" = svydesign(id = ~district, weights = ~weight, fpc = ~fpc, data = samples$apiclus1),
  "apiclus2 cluster" = svydesign(id = ~district, weights = ~weight, data = samples$apiclus2),
  "apiclus2 cluster fpc" = svydesign(id = ~district, weights = ~weight, fpc = ~fpc, data = samples$apiclus2))
for (name in names(designs)) {
  mean_of(paste(name, "api00"), ~api00, designs[[name]])
  mean_of(paste(name, "nps"), ~value, designs[[name]])
  mean_of(paste(name, "nps of some"), ~answered, designs[[name]], NA)
  # groups as domains of the design
  for (kind in c("Yes", "No")) {
    part <- subset(designs[[name]], awards == kind)
    mean_of(paste(name, "nps awards", kind), ~value, part)
    mean_of(paste(name, "api00 awards", kind), ~api00, part)
  }
}

write.csv(attitude, "measures_attitude.csv", row.names = FALSE)
a <- psych::alpha(attitude, check.keys = FALSE)
feldt <- psych::alpha.ci(a$total$raw_alpha, n.obs = nrow(attitude), n.var = ncol(attitude))
keep("alpha attitude", a$total$raw_alpha, low = feldt$lower.ci, high = feldt$upper.ci)
keep("standardised alpha attitude", a$total$std.alpha)
keep("lowest item-rest correlation attitude", min(a$item.stats$r.drop))
items <- names(attitude)
for (some in list(items, items[1:3], items[1:5])) {
  loadings <- paste0("l", seq_along(some))
  errors <- paste0("e", seq_along(some))
  model <- paste0("f =~ ", paste0(loadings, "*", some, collapse = " + "), "\n",
                  paste0(some, " ~~ ", errors, "*", some, collapse = "\n"), "\nomega := (", paste(loadings, collapse = "+"),
                  ")^2 / ((", paste(loadings, collapse = "+"), ")^2 + ", paste(errors, collapse = "+"), ")")
  fit <- cfa(model, attitude, std.lv = TRUE)
  p <- parameterEstimates(fit)
  p <- p[p$label == "omega", ]
  keep(paste("omega attitude", length(some)), p$est, p$se, low = p$ci.lower, high = p$ci.upper)
}
write.csv(rows, "measures_expected.csv", row.names = FALSE, quote = FALSE)
cat(R.version.string, "survey", as.character(packageVersion("survey")), "psych", as.character(packageVersion("psych")),
    "lavaan", as.character(packageVersion("lavaan")), "\n")
