# Reference numbers for stats/relative_weights.py, em_correlation.py, resampled_correlation.py, polyserial.py and
# measures/importance.py: lm() on every order of entry (weighted too), Johnson's weights through svd(), cor() by pairs,
# lavaan's maximum-likelihood correlations of incomplete data, psych's polyserial correlations.
# Run in this folder: Rscript importance2.R  (R 4.2, lavaan 0.6, psych 2.2). Reads swiss.csv and airquality.csv.
suppressMessages({library(lavaan); library(psych)})

rows <- data.frame()
add <- function(what, name, value) {
  rows <<- rbind(rows, data.frame(what, name, value = sprintf("%.12g", value)))
}
orders <- function(v) {
  if (length(v) == 1) return(list(v))
  do.call(c, lapply(seq_along(v), function(i) lapply(orders(v[-i]), function(rest) c(v[i], rest))))
}

swiss_file <- read.csv("swiss.csv")
y <- "Fertility"
drivers <- setdiff(names(swiss_file), y)
swiss_file$w <- 1 + round(swiss_file$Agriculture / 10)
r2 <- function(terms) {
  if (length(terms) == 0) return(0)
  summary(lm(reformulate(terms, y), swiss_file, weights = w))$r.squared
}
for (d in drivers) {
  gain <- sapply(orders(drivers), function(o) {
    before <- o[seq_len(match(d, o) - 1)]
    r2(c(before, d)) - r2(before)
  })
  add("weighted lmg", d, mean(gain))
}
scaled <- as.data.frame(scale(swiss_file[c(drivers, y)]))
fit <- lm(reformulate(drivers, y), scaled)
full <- summary(fit)$r.squared
for (d in drivers) {
  add("beta", d, coef(fit)[[d]])
  add("first", d, cor(scaled[[d]], scaled[[y]])^2)
  add("last", d, full - summary(lm(reformulate(setdiff(drivers, d), y), scaled))$r.squared)
}
# Johnson (2000): X = P D Q'; the closest orthogonal variables are Z = P Q'
parts <- svd(as.matrix(scaled[drivers]) / sqrt(nrow(scaled) - 1))
z <- parts$u %*% t(parts$v)
lambda <- cor(scaled[drivers], z)
beta <- t(z) %*% scaled[[y]] / sqrt(nrow(scaled) - 1)
weights <- as.vector(lambda^2 %*% beta^2)
for (i in seq_along(drivers)) add("johnson", drivers[i], weights[i])

air <- read.csv("airquality.csv")[c("Solar.R", "Wind", "Temp", "Ozone")]
pairwise <- cor(air, use = "pairwise.complete.obs")
likely <- lavCor(air, missing = "ml", output = "cor", control = list(rel.tol = 1e-14))
em <- lavaan:::lav_mvnorm_missing_h1_estimate_moments(Y = as.matrix(air),
  Mp = lavaan:::lav_data_missing_patterns(as.matrix(air)), tol = 1e-12, max.iter = 10000)
settled <- cov2cor(em$Sigma)
dimnames(settled) <- dimnames(pairwise)
for (i in 1:3) for (j in (i + 1):4) {
  name <- paste(names(air)[i], names(air)[j])
  add("pairwise", name, pairwise[i, j])
  add("em", name, settled[i, j])
  add("lavCor", name, likely[i, j])
}
levels <- as.integer(cut(swiss_file[[y]], c(0, 60, 70, 80, 100)))
for (d in drivers) add("polyserial", d, psych::polyserial(as.matrix(swiss_file[[d]]), as.matrix(levels))[1])

write.csv(rows, "importance2_reference.csv", row.names = FALSE, quote = FALSE)
