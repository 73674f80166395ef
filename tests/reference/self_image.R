# Reference numbers for stats/bland_altman.py and stats/response_surface.py, from t.test, psych::ICC, lm and sandwich.
# Run in this folder: Rscript self_image.R  (R 4.2; psych 2.2, sandwich 3.0). Writes self_image_surface.csv (made-up
# ratings) and self_image_reference.csv. Peak flow: Bland & Altman 1986, The Lancet 327, table 1, first readings.
library(psych)
library(sandwich)

out <- data.frame()
add <- function(id, value) out <<- rbind(out, data.frame(id = id, value = sprintf("%.12g", as.numeric(value))))

wright <- c(494, 395, 516, 434, 476, 557, 413, 442, 650, 433, 417, 656, 267, 478, 178, 423, 427)
mini <- c(512, 430, 520, 428, 500, 600, 364, 380, 658, 445, 432, 626, 260, 477, 259, 350, 451)
d <- wright - mini
test <- t.test(d)
n <- length(d)
add("pefr mean", test$estimate); add("pefr mean low", test$conf.int[1]); add("pefr mean high", test$conf.int[2])
add("pefr sd", sd(d))
z <- qnorm(.975)
limit <- mean(d) + z * sd(d)
se <- sd(d) * sqrt(1 / n + z^2 / (2 * (n - 1)))
add("pefr upper", limit); add("pefr upper low", limit - qt(.975, n - 1) * se); add("pefr upper high", limit + qt(.975, n - 1) * se)
icc <- psych::ICC(data.frame(wright, mini), lmer = FALSE)$results
add("pefr icc", icc[2, "ICC"]); add("pefr icc low", icc[2, "lower bound"]); add("pefr icc high", icc[2, "upper bound"])
add("pefr icc p", icc[2, "p"])

# clustered standard error of a mean: lm with an intercept alone; CR1 with one parameter has the factor G/(G - 1)
cluster <- rep(1:6, length.out = n)
fit <- lm(d ~ 1)
add("pefr mean clustered se", sqrt(vcovCL(fit, cluster = cluster, type = "HC1")[1, 1]))

set.seed(5)
firm <- rep(1:15, each = 8)
x <- round(60 + rnorm(120, 0, 12) + 5 * sin(firm), 2)
y <- round(58 + .5 * (x - 60) + rnorm(120, 0, 9), 2)
z <- round(10 + .3 * (x - 50) + .8 * (y - 50) - .01 * (x - y)^2 + 4 * cos(firm) + rnorm(120, 0, 8), 2)
frame <- data.frame(firm, x, y, z)
write.csv(frame, "self_image_surface.csv", row.names = FALSE)
a <- x - 50; b <- y - 50
surface <- lm(z ~ a + b + I(a^2) + I(a * b) + I(b^2))
along <- rbind(diag(6), c(0, 1, 1, 0, 0, 0), c(0, 0, 0, 1, 1, 1), c(0, 1, -1, 0, 0, 0), c(0, 0, 0, 1, -1, 1))
names <- c(paste0("b", 0:5), paste0("a", 1:4))
add_all <- function(label, v) for (i in 1:10) {
  w <- along[i, ]
  if (label == "hc3") add(names[i], sum(w * coef(surface)))
  add(paste(names[i], label), sqrt(drop(t(w) %*% v %*% w)))
}
add_all("hc3", vcovHC(surface, type = "HC3"))
add_all("cr1", vcovCL(surface, cluster = firm, type = "HC1"))
add("r2", summary(surface)$r.squared)
add("r2 linear", summary(lm(z ~ a + b))$r.squared)
write.csv(out, "self_image_reference.csv", row.names = FALSE, quote = FALSE)
