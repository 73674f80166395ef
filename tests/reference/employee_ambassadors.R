# Reference numbers for work groups seen from both sides, from R 4.2 (multilevel, sandwich, boot). Run in this folder:
# Rscript employee_ambassadors.R. Makes up answers, writes them to employee_ambassadors_customers.csv and _employees.csv:
# their questions recommend and recommend_employer are on 0-10, the items on 1-10, the feelings on 1-5; the numbers go to
# employee_ambassadors_reference.csv.
library(multilevel)
library(sandwich)
library(boot)
set.seed(20250104)
rows <- list()
keep <- function(id, value) rows[[length(rows) + 1]] <<- data.frame(id = id, value = sprintf("%.15g", unname(value)))
companies <- 14
groups <- data.frame(company = sprintf("K%02d", rep(1:companies, times = 3 + rpois(companies, 2))))
groups$work_group <- sprintf("G%02d", seq_len(nrow(groups)))
groups$climate <- rnorm(companies)[as.integer(factor(groups$company))] * 0.6 + rnorm(nrow(groups)) * 0.8
whole <- function(x, low, high) pmin(pmax(round(x), low), high)
holes <- function(x, share) ifelse(runif(length(x)) < share, NA, x)
draw <- function(size) groups[rep(seq_len(nrow(groups)), size), ]
people <- draw(4 + rpois(nrow(groups), 7))
person <- rnorm(nrow(people))
employees <- data.frame(response_id = sprintf("E%04d", seq_len(nrow(people))), people[, c("company", "work_group")])
employees$recommend_employer <- holes(whole(7 + 1.4 * people$climate + 2 * person, 0, 10), 0.04)
for (name in c("good_company", "trust", "thriving"))
  employees[[name]] <- holes(whole(3.9 + 0.7 * people$climate + 0.5 * person + 0.6 * rnorm(nrow(people)), 1, 5), 0.04)
visits <- draw(3 + rpois(nrow(groups), 9))
visitor <- rnorm(nrow(visits))
customers <- data.frame(response_id = sprintf("R%04d", seq_len(nrow(visits))), visits[, c("company", "work_group")])
customers$recommend <- holes(whole(7.4 + 1.1 * visits$climate + 2 * visitor, 0, 10), 0.04)
for (name in c("ease", "resolution", "engagement"))
  customers[[name]] <- holes(whole(6.6 + 1.2 * visits$climate + 1.2 * visitor + rnorm(nrow(visits)), 1, 10), 0.02)
write.csv(customers, "employee_ambassadors_customers.csv", row.names = FALSE, quote = FALSE, na = "")
write.csv(employees, "employee_ambassadors_employees.csv", row.names = FALSE, quote = FALSE, na = "")

feelings <- c("good_company", "trust", "thriving")
customers$cx <- rowMeans(customers[, c("ease", "resolution", "engagement")])
scaled <- cbind(employees$recommend_employer * 10, (employees[, feelings] - 1) * 25)
employees$index <- ifelse(rowSums(!is.na(scaled)) >= 3, rowMeans(scaled, na.rm = TRUE), NA)
by_group <- function(x, key, f) tapply(x, key, f)
mean_of <- function(x) mean(x, na.rm = TRUE)
count_of <- function(x) sum(!is.na(x))
g <- groups[, c("company", "work_group")]
at <- match(g$work_group, sort(unique(groups$work_group)))
g$cx <- by_group(customers$cx, customers$work_group, mean_of)[at]
g$n_cx <- by_group(customers$cx, customers$work_group, count_of)[at]
g$nps <- by_group(customers$recommend, customers$work_group, function(x) {
  x <- x[!is.na(x)]
  100 * (mean(x >= 9) - mean(x <= 6))
})[at]
g$n_nps <- by_group(customers$recommend, customers$work_group, count_of)[at]
for (name in feelings) g[[name]] <- by_group(employees[[name]], employees$work_group, mean_of)[at]
sizes <- sapply(feelings, function(name) by_group(employees[[name]], employees$work_group, count_of)[at])
g$n_employees <- apply(sizes, 1, min)
g$index <- by_group(employees$index, employees$work_group, mean_of)[at]
keep("groups.all", nrow(g))
g <- g[g$n_cx >= 5 & g$n_employees >= 7, ]
g$nps[g$n_nps < 5] <- NA
g$n_high <- rowSums(g[, feelings] >= 4)
g$cx100 <- (g$cx - 1) / 9 * 100
keep("groups.used", nrow(g))
keep("groups.high", sum(g$n_high == 3))
compare <- function(g) {
  high <- g$n_high == 3
  a <- mean(g$cx[high]); b <- mean(g$cx[!high])
  nps <- mean(g$nps[high], na.rm = TRUE) - mean(g$nps[!high], na.rm = TRUE)
  spread <- sqrt((sum((g$cx100[high] - mean(g$cx100[high]))^2) + sum((g$cx100[!high] - mean(g$cx100[!high]))^2)) / (nrow(g) - 2))
  c(ratio_raw = a / b, ratio_100 = (a - 1) / (b - 1), points = (a - b) / 9 * 100, points_sd = (a - b) / 9 * 100 / spread, nps_difference = nps)
}
found <- compare(g)
for (name in names(found)) keep(name, found[name])
names_of <- unique(g$company)
drawn <- boot(names_of, function(d, i) compare(do.call(rbind, lapply(d[i], function(k) g[g$company == k, ]))), R = 9999)
for (k in seq_along(found)) {
  influence <- empinf(drawn, index = k, type = "jack")
  ends <- boot.ci(drawn, index = k, type = "bca", L = influence)$bca[4:5]
  keep(paste0(names(found)[k], ".low"), ends[1])
  keep(paste0(names(found)[k], ".high"), ends[2])
  keep(paste0(names(found)[k], ".se"), sd(drawn$t[, k]))
}
lines_of <- list(nps_slope = nps ~ index, cx_slope = cx100 ~ index, dose_trend = cx100 ~ n_high)
for (name in names(lines_of)) {
  used <- g[complete.cases(g[, all.vars(lines_of[[name]])]), ]
  fit <- lm(lines_of[[name]], used)
  by <- if (name == "dose_trend") 1 else 10
  keep(name, by * coef(fit)[2])
  keep(paste0(name, ".se"), by * sqrt(vcovCL(fit, cluster = used$company)[2, 2]))
}
keep("nps_slope_within", 10 * coef(lm(nps ~ index + factor(company), g[!is.na(g$nps), ]))["index"])
keep("dose.z", cor.test(g$n_high, round(g$cx100, 9), method = "kendall", exact = FALSE)$statistic)

of_used <- employees[employees$work_group %in% g$work_group, ]
icc_of <- function(id, score, group) {
  fit <- aov(score ~ as.factor(group))
  keep(paste0("icc1_", id), ICC1(fit))
  keep(paste0("icc2_", id), ICC2(fit))
}
icc_of("trust", of_used$trust, of_used$work_group)
icc_of("ambassador_index", of_used$index, of_used$work_group)
visited <- customers[customers$work_group %in% g$work_group, ]
icc_of("cx_index", visited$cx, visited$work_group)
answered <- of_used[!is.na(of_used$trust), ]
keep("rwg_trust", mean(rwg(answered$trust, answered$work_group, ranvar = 2)$rwg))
complete <- of_used[complete.cases(of_used[, feelings]), ]
joint <- rwg.j(complete[, feelings], complete$work_group, ranvar = 2)$rwg.j
keep("rwg_feelings", mean(joint))
keep("rwg_feelings.agreeing", mean(joint >= 0.7))
write.csv(do.call(rbind, rows), "employee_ambassadors_reference.csv", row.names = FALSE, quote = FALSE)
