# Reference numbers for agreement within groups, from R 4.2 (multilevel 2.7). Run in this folder: Rscript agreement.R
# Writes agreement_groups.csv (n, mean and within-group sum of squares of bh1996 by group), agreement_items.csv (item
# variances of lq2002 by group, with rwg and rwg(j)), agreement_small.csv (made-up answers) and agreement_reference.csv.
library(multilevel)
exact <- function(x) sprintf("%.17g", x)
rows <- list()
keep <- function(id, value) rows[[length(rows) + 1]] <<- data.frame(id = id, value = sprintf("%.15g", unname(value)))
anova_of <- function(name, score, group) {
  fit <- aov(score ~ as.factor(group))
  table <- summary(fit)[[1]]
  n <- as.numeric(table(group))
  n0 <- (sum(n) - sum(n^2) / sum(n)) / (length(n) - 1)
  between <- table[1, 3]
  within <- table[2, 3]
  keep(paste0(name, ".icc1"), ICC1(fit))
  keep(paste0(name, ".icc1_n0"), (between - within) / (between + (n0 - 1) * within))
  keep(paste0(name, ".icc2"), ICC2(fit))
  keep(paste0(name, ".F"), table[1, 4])
  keep(paste0(name, ".df"), table[1, 1])
  keep(paste0(name, ".df_residual"), table[2, 1])
}
moments_of <- function(name, score, group) data.frame(
  variable = name, group = names(tapply(score, group, length)), n = as.numeric(tapply(score, group, length)),
  mean = exact(tapply(score, group, mean)), ss = exact(tapply(score, group, function(v) sum((v - mean(v))^2)))
)

data(bh1996)
groups <- list()
for (name in c("HRS", "WBEING")) {
  groups[[name]] <- moments_of(name, bh1996[[name]], bh1996$GRP)
  anova_of(name, bh1996[[name]], bh1996$GRP)
}
write.csv(do.call(rbind, groups), "agreement_groups.csv", row.names = FALSE, quote = FALSE)

data(lq2002)
items <- sprintf("LEAD%02d", 1:11)
answers <- na.exclude(lq2002[, c("COMPID", items)])
spread <- aggregate(answers[, items], list(group = answers$COMPID), var)
one <- rwg(answers$LEAD01, answers$COMPID, ranvar = 2)
all <- rwg.j(answers[, items], answers$COMPID, ranvar = 2)
at <- match(as.character(spread$group), as.character(all$grpid))
spread[items] <- lapply(spread[items], exact)
spread$n <- all$gsize[at]
spread$rwg_lead01 <- exact(one$rwg[match(as.character(spread$group), as.character(one$grpid))])
spread$rwg_j <- exact(all$rwg.j[at])
write.csv(spread, "agreement_items.csv", row.names = FALSE, quote = FALSE)

small <- data.frame(
  group = c("a", "a", "a", "b", "b", "b", "b", "c", "c", "d", "e", "e", "e"),
  x1 = c(4, 5, 4, 2, 3, 2, NA, 1, 5, 3, 5, 5, 5),
  x2 = c(4, 4, 5, 3, 3, 1, 2, 1, 5, 4, 4, 4, 4),
  x3 = c(5, 5, 5, 2, 2, 3, 3, 1, 5, 2, 4, 5, 4)
)
write.csv(small, "agreement_small.csv", row.names = FALSE, quote = FALSE)
seen <- !is.na(small$x1)
anova_of("small", small$x1[seen], small$group[seen])
for (kind in c("rwg", "rwg.j")) {
  got <- if (kind == "rwg") rwg(small$x1, small$group) else rwg.j(small[, c("x1", "x2", "x3")], small$group)
  for (i in seq_len(nrow(got))) keep(paste0("small.", kind, ".", got$grpid[i]), got[i, 2])
}
write.csv(do.call(rbind, rows), "agreement_reference.csv", row.names = FALSE, quote = FALSE)
