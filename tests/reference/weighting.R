# Reference values of tests/test_weighting.py: post-stratification and raking in R survey, schools of apiclus1.
# Run in this folder: Rscript weighting.R. Writes weighting_api.csv (with the weights that R gives each school) and
# weighting_expected.csv. "fixed": the same weights taken as given, which is what measures with weights= do
# where calibrated= does not name the margins.
suppressMessages(library(survey))
data(api)
options(digits = 17)

types <- data.frame(stype = c("E", "H", "M"), Freq = c(4421, 755, 1018))
wide <- data.frame(sch.wide = c("No", "Yes"), Freq = c(1072, 5122))
rows <- NULL
keep <- function(id, estimate, std_error = NA) {
  number <- function(x) format(as.numeric(x), digits = 17)
  rows <<- rbind(rows, data.frame(id = id, estimate = number(estimate), std_error = number(std_error)))
}
out <- apiclus1[, c("dnum", "stype", "sch.wide", "pw", "api00", "enroll")]
for (name in c("answers", "clusters")) {
  id <- if (name == "clusters") ~dnum else ~1
  plain <- svydesign(id = id, weights = ~pw, data = apiclus1)
  designs <- list(
    none = plain,
    post = postStratify(plain, ~stype, types),
    rake = rake(plain, list(~stype, ~sch.wide), list(types, wide), control = list(maxit = 1000, epsilon = 1e-10))
  )
  out$post <- weights(designs$post)
  out$rake <- weights(designs$rake)
  for (kind in c("post", "rake")) {
    designs[[paste(kind, "fixed")]] <- svydesign(id = id, weights = weights(designs[[kind]]), data = apiclus1)
  }
  for (kind in names(designs)) for (column in c("api00", "enroll")) {
    m <- svymean(as.formula(paste0("~", column)), designs[[kind]])
    keep(paste(name, kind, column), coef(m), SE(m))
  }
}
w <- weights(designs$rake)
keep("design effect of the raked weights", 1 + mean((w - mean(w))^2) / mean(w)^2)
number <- c("pw", "post", "rake")
out[number] <- lapply(out[number], function(x) format(x, digits = 17, trim = TRUE))
write.csv(out, "weighting_api.csv", row.names = FALSE, quote = FALSE)
write.csv(rows, "weighting_expected.csv", row.names = FALSE, quote = FALSE)
cat(R.version.string, "survey", as.character(packageVersion("survey")), "\n")
