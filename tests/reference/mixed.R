# Reference numbers for mixed models, from R 4.2 (lme4, lmerTest, nlme, multilevel). Run in this folder: Rscript mixed.R
# Writes mixed_bh1996.csv.gz (bh1996 of multilevel: 7,382 soldiers in 99 companies), mixed_sleepstudy.csv and
# mixed_dyestuff.csv (both of lme4; Dyestuff2 is the one without variance between batches), and mixed_reference.csv.
suppressPackageStartupMessages({library(multilevel); library(lme4); library(lmerTest); library(nlme)})
rows <- list()
keep <- function(id, value) rows[[length(rows) + 1]] <<- data.frame(id = id, value = sprintf("%.15g", unname(value)))
tight <- lmerControl(optimizer = "bobyqa", optCtrl = list(rhoend = 1e-10, maxfun = 1e5))

fixed <- function(name, fit) {
  table <- coef(summary(fit))
  for (term in rownames(table)) {
    id <- paste(name, sub("(Intercept)", "intercept", term, fixed = TRUE), sep = ".")
    keep(paste0(id, ".estimate"), table[term, "Estimate"])
    keep(paste0(id, ".std_error"), table[term, "Std. Error"])
    keep(paste0(id, ".df"), table[term, "df"])
    keep(paste0(id, ".p_value"), table[term, "Pr(>|t|)"])
  }
}
whole <- function(name, fit) {
  fixed(name, fit)
  table <- as.data.frame(VarCorr(fit))
  for (i in seq_len(nrow(table))) {
    of <- paste(na.omit(c(table$var1[i], table$var2[i])), collapse = "_")
    of <- gsub("(Intercept)", "intercept", if (of == "") "residual" else of, fixed = TRUE)
    keep(paste(name, "variance", of, sep = "."), table$vcov[i])
  }
  keep(paste0(name, ".logLik"), logLik(fit))
}
profiled <- function(name, fit) {
  limits <- suppressMessages(confint(fit, parm = "theta_", oldNames = FALSE))
  for (row in rownames(limits)) for (side in 1:2) {
    keep(paste(name, "profile", sub("(Intercept)", "intercept", row, fixed = TRUE), c("low", "high")[side], sep = "."),
         limits[row, side])
  }
}

data(bh1996)
soldiers <- bh1996[, c("GRP", "HRS", "LEAD", "WBEING", "G.HRS")]
write.csv(soldiers, gzfile("mixed_bh1996.csv.gz"), row.names = FALSE, quote = FALSE)
soldiers <- read.csv("mixed_bh1996.csv.gz")
for (reml in c(TRUE, FALSE)) {
  fit <- lmer(WBEING ~ HRS + G.HRS + (1 | GRP), soldiers, REML = reml, control = tight)
  whole(if (reml) "bh.reml" else "bh.ml", fit)
  if (!reml) profiled("bh.ml", fit)
}
keep("bh.reml.lrt", ranova(lmer(WBEING ~ HRS + G.HRS + (1 | GRP), soldiers))$LRT[2])
soldiers$mean <- ave(soldiers$HRS, soldiers$GRP)
soldiers$within <- soldiers$HRS - soldiers$mean
whole("bh.apart", lmer(WBEING ~ within + mean + (1 | GRP), soldiers, control = tight))
slope <- lmer(WBEING ~ HRS + LEAD + G.HRS + (LEAD | GRP), soldiers, control = tight)
whole("bh.slope", slope)
again <- lme(WBEING ~ HRS + LEAD + G.HRS, random = ~ LEAD | GRP, data = soldiers)
keep("bh.slope.nlme.logLik", logLik(again))

data(sleepstudy)
write.csv(sleepstudy, "mixed_sleepstudy.csv", row.names = FALSE, quote = FALSE)
for (reml in c(TRUE, FALSE)) {
  fit <- lmer(Reaction ~ Days + (Days | Subject), sleepstudy, REML = reml, control = tight)
  whole(if (reml) "sleep.reml" else "sleep.ml", fit)
  if (!reml) profiled("sleep.ml", fit)
  if (reml) {
    drawn <- as.data.frame(ranef(fit, condVar = TRUE))
    for (i in which(drawn$grp %in% c("308", "335"))) {
      id <- paste("sleep.group", drawn$grp[i], sub("(Intercept)", "intercept", drawn$term[i], fixed = TRUE), sep = ".")
      keep(paste0(id, ".estimate"), drawn$condval[i])
      keep(paste0(id, ".std_error"), drawn$condsd[i])
    }
  }
}
# few and unequal groups: the degrees of freedom lie between those of groups and those of rows
few <- subset(sleepstudy, Subject %in% c("308", "309", "330", "335", "370"))
few <- few[-c(1, 2, 3, 15, 16, 27, 28, 29, 30, 31), ]
write.csv(few, "mixed_few.csv", row.names = FALSE, quote = FALSE)
whole("few", lmer(Reaction ~ Days + (1 | Subject), few, control = tight))

both <- rbind(cbind(data = "Dyestuff", Dyestuff), cbind(data = "Dyestuff2", Dyestuff2))
write.csv(both, "mixed_dyestuff.csv", row.names = FALSE, quote = FALSE)
for (name in c("Dyestuff", "Dyestuff2")) for (reml in c(TRUE, FALSE)) {
  fit <- suppressMessages(lmer(Yield ~ 1 + (1 | Batch), subset(both, data == name), REML = reml, control = tight))
  id <- paste(name, if (reml) "reml" else "ml", sep = ".")
  whole(id, fit)
  if (!reml && name == "Dyestuff") profiled(id, fit)
}
write.csv(do.call(rbind, rows), "mixed_reference.csv", row.names = FALSE, quote = FALSE)
