# Reference numbers for stats/paths.py, path_effects.py, mediation.py, cross_lagged.py, scale_quality.py and latent.py.
# Run in this folder: Rscript paths.R  (R 4.2, lavaan 0.6-14, sandwich 3.0, metafor 3.8, semTools 0.5-6). Reads swiss.csv
# and measures_attitude.csv; writes paths_groups.csv, paths_panel.csv (both simulated here) and paths_reference.csv.
suppressMessages({library(lavaan); library(sandwich); library(metafor); library(semTools)})
rows <- data.frame()
add <- function(model, term, measure, value) {
  rows <<- rbind(rows, data.frame(model, term, measure, value = sprintf("%.12g", value)))
}

# observed-score paths: lavaan for the coefficients and effects, lm with sandwich for the standard errors
swiss_file <- read.csv("swiss.csv")
text <- "Examination ~ e1*Agriculture
  Education ~ d1*Agriculture + d2*Examination
  Fertility ~ f1*Agriculture + f2*Examination + f3*Education
  indirect := e1*f2 + d1*f3 + e1*d2*f3
  total := f1 + indirect
  through_examination := e1*f2
  through_education := d1*f3
  through_both := e1*d2*f3"
fit <- sem(text, swiss_file, meanstructure = TRUE)
whole <- parameterEstimates(fit, rsquare = TRUE)
whole$std <- c(standardizedSolution(fit)$est.std, rep(NA, nrow(whole) - nrow(standardizedSolution(fit))))
for (i in seq_len(nrow(whole))) {
  row <- whole[i, ]
  if (row$op == "~") {
    term <- paste(row$rhs, row$lhs, sep = " > ")
    add("swiss", term, "raw", row$est); add("swiss", term, "standardised", row$std)
  }
  if (row$op == ":=") { add("swiss", row$lhs, "raw", row$est); add("swiss", row$lhs, "standardised", row$std) }
  if (row$op == "r2") add("swiss", row$lhs, "r2", row$est)
}
swiss_file$block <- (seq_len(nrow(swiss_file)) - 1) %/% 4
swiss_file$size <- 1 + (seq_len(nrow(swiss_file)) * 7) %% 5
equations <- list(Examination ~ Agriculture, Education ~ Agriculture + Examination,
                  Fertility ~ Agriculture + Examination + Education)
for (equation in equations) {
  plain <- lm(equation, swiss_file)
  weighted <- lm(equation, swiss_file, weights = size)
  for (name in names(coef(plain))[-1]) {
    term <- paste(name, all.vars(equation)[1], sep = " > ")
    add("swiss", term, "hc3", sqrt(vcovHC(plain, type = "HC3")[name, name]))
    add("swiss", term, "cr1", sqrt(vcovCL(plain, cluster = ~block, type = "HC1")[name, name]))
    add("swiss", term, "weighted", coef(weighted)[[name]])
    add("swiss", term, "weighted_hc3", sqrt(vcovHC(weighted, type = "HC3")[name, name]))
  }
}
scaled <- as.data.frame(scale(swiss_file[c("Agriculture", "Examination", "Education", "Fertility")]))
normal <- summary(lm(Fertility ~ Agriculture + Examination + Education, scaled))$coefficients
for (name in rownames(normal)[-1]) add("swiss", paste(name, "> Fertility"), "normal_se", normal[name, "Std. Error"])

# groups of persons: X and M belong to the group, Y to the person
set.seed(62)
size <- 4 + (1:40 * 5) %% 9
x <- rnorm(40); m <- 0.5 * x + rnorm(40); u <- 0.4 * m + 0.2 * x + rnorm(40, sd = 0.6)
groups <- data.frame(group = rep(1:40, size), x = rep(x, size), m = rep(m, size))
groups$y <- round(rep(u, size) + rnorm(nrow(groups)), 4)
groups[c("x", "m")] <- round(groups[c("x", "m")], 4)
write.csv(groups, "paths_groups.csv", row.names = FALSE, quote = FALSE)
means <- aggregate(cbind(x, m, y) ~ group, groups, mean)
count <- as.vector(table(groups$group))
within <- sum((groups$y - ave(groups$y, groups$group))^2) / (nrow(groups) - length(count))
outcome <- rma(yi = means$y, vi = within / count, mods = ~ m + x, data = means, method = "REML", test = "t",
               control = list(threshold = 1e-12, maxiter = 1000))
add("mediation", "between", "tau2", outcome$tau2)
add("mediation", "b", "estimate", coef(outcome)[["m"]]); add("mediation", "b", "std_error", outcome$se[2])
add("mediation", "direct", "estimate", coef(outcome)[["x"]]); add("mediation", "direct", "std_error", outcome$se[3])
first <- lm(m ~ x, means)
add("mediation", "a", "estimate", coef(first)[["x"]])
add("mediation", "a", "std_error", sqrt(vcovHC(first, type = "HC3")["x", "x"]))
joint <- matrix(c(0.04, 0.01, 0.01, 0.09), 2)
draws <- monteCarloCI(expr = c(ab = "a*b"), coefs = c(a = 0.5, b = 0.8),
                      ACM = matrix(joint, 2, dimnames = list(c("a", "b"), c("a", "b"))), nRep = 4e6)
add("monte carlo", "ab", "ci_low", draws$ci.lower); add("monte carlo", "ab", "ci_high", draws$ci.upper)

# panel: 300 units, 4 waves, stable differences between units and effects within them
set.seed(63)
n <- 300; waves <- 4
stable <- matrix(rnorm(2 * n), n) %*% chol(matrix(c(1, 0.5, 0.5, 1), 2))
before <- matrix(rnorm(2 * n), n)
panel <- data.frame()
for (wave in 1:waves) {
  if (wave > 1) {
    before <- cbind(0.4 * before[, 1] + 0.05 * before[, 2], 0.3 * before[, 1] + 0.3 * before[, 2]) +
      matrix(rnorm(2 * n, sd = 0.8), n)
  }
  panel <- rbind(panel, data.frame(unit = 1:n, wave = wave, round(stable + before, 4)))
}
names(panel)[3:4] <- c("x", "y")
write.csv(panel, "paths_panel.csv", row.names = FALSE, quote = FALSE)
later <- transform(panel, wave = wave - 1)
pairs <- merge(panel, later, by = c("unit", "wave"), suffixes = c("", "_next"))
for (to in c("x", "y")) {
  one <- lm(reformulate(c("x", "y", "factor(wave)"), paste0(to, "_next")), pairs)
  for (from in c("x", "y")) {
    add("panel", paste(from, to, sep = " > "), "estimate", coef(one)[[from]])
    add("panel", paste(from, to, sep = " > "), "std_error", sqrt(vcovCL(one, cluster = ~unit, type = "HC1")[from, from]))
  }
}
wide <- reshape(panel, idvar = "unit", timevar = "wave", direction = "wide", sep = "")
random <- "ix =~ 1*x1 + 1*x2 + 1*x3 + 1*x4
  iy =~ 1*y1 + 1*y2 + 1*y3 + 1*y4
  wx1 =~ 1*x1
  wx2 =~ 1*x2
  wx3 =~ 1*x3
  wx4 =~ 1*x4
  wy1 =~ 1*y1
  wy2 =~ 1*y2
  wy3 =~ 1*y3
  wy4 =~ 1*y4
  wx2 ~ xx*wx1 + yx*wy1
  wx3 ~ xx*wx2 + yx*wy2
  wx4 ~ xx*wx3 + yx*wy3
  wy2 ~ yy*wy1 + xy*wx1
  wy3 ~ yy*wy2 + xy*wx2
  wy4 ~ yy*wy3 + xy*wx3
  wx1 ~~ wy1
  wx2 ~~ wy2
  wx3 ~~ wy3
  wx4 ~~ wy4
  wx1 ~~ wx1
  wx2 ~~ wx2
  wx3 ~~ wx3
  wx4 ~~ wx4
  wy1 ~~ wy1
  wy2 ~~ wy2
  wy3 ~~ wy3
  wy4 ~~ wy4
  ix ~~ ix + iy
  iy ~~ iy
  x1 + x2 + x3 + x4 + y1 + y2 + y3 + y4 ~ 1"
random_fit <- lavaan(random, wide)
found <- subset(parameterEstimates(random_fit), op == "~")
for (label in c("xx", "yx", "xy", "yy")) {
  one <- found[found$label == label, ][1, ]
  term <- paste(substr(label, 1, 1), substr(label, 2, 2), sep = " > ")
  add("random intercepts", term, "estimate", one$est); add("random intercepts", term, "std_error", one$se)
}
add("random intercepts", "model", "chi2", fitMeasures(random_fit, "chisq"))
add("random intercepts", "model", "df", fitMeasures(random_fit, "df"))

# scales
attitude_file <- read.csv("measures_attitude.csv")
scales <- list(support = c("complaints", "learning", "raises"), standards = c("privileges", "critical", "advance"))
for (scale in names(scales)) {
  one <- cfa(paste("f =~", paste(scales[[scale]], collapse = " + ")), attitude_file, std.lv = TRUE)
  loading <- subset(standardizedSolution(one), op == "=~")$est.std
  add(scale, "scale", "ave", mean(loading^2))
  add(scale, "scale", "composite", sum(loading)^2 / (sum(loading)^2 + sum(1 - loading^2)))
  for (i in seq_along(loading)) add(scale, scales[[scale]][i], "loading", loading[i])
}
two <- "support =~ complaints + learning + raises
  standards =~ privileges + critical + advance"
add("scales", "support standards", "htmt", htmt(two, attitude_file, htmt2 = FALSE)[2, 1])

# the political democracy data that come with lavaan and semopy (Bollen 1989)
democracy <- sem("ind60 =~ x1 + x2 + x3
  dem60 =~ y1 + y2 + y3 + y4
  dem65 =~ y5 + y6 + y7 + y8
  dem60 ~ ind60
  dem65 ~ ind60 + dem60
  y1 ~~ y5
  y2 ~~ y4 + y6
  y3 ~~ y7
  y4 ~~ y8
  y6 ~~ y8", PoliticalDemocracy)
latent <- subset(parameterEstimates(democracy), op == "~")
latent$std <- subset(standardizedSolution(democracy), op == "~")$est.std
for (i in seq_len(nrow(latent))) {
  term <- paste(latent$rhs[i], latent$lhs[i], sep = " > ")
  add("democracy", term, "estimate", latent$est[i]); add("democracy", term, "std_error", latent$se[i])
  add("democracy", term, "standardised", latent$std[i])
}
for (name in c("chisq", "df", "cfi", "rmsea", "srmr")) add("democracy", "model", name, fitMeasures(democracy, name))
write.csv(rows, "paths_reference.csv", row.names = FALSE, quote = FALSE)
