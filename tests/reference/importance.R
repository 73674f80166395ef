# Reference numbers for stats/importance.py and stats/prediction.py, from lm() on every subset and cv.glm() of package boot.
# Run in this folder: Rscript importance.R  (R 4.2, boot 1.3). Reads swiss.csv, writes importance_warpbreaks.csv
# and importance_reference.csv.
library(boot)

rows <- data.frame()
add <- function(data, predictor, measure, value) {
  rows <<- rbind(rows, data.frame(data, predictor, measure, value = sprintf("%.12g", value)))
}

r2 <- function(y, terms, data) {
  if (length(terms) == 0) return(0)
  summary(lm(reformulate(terms, y), data))$r.squared
}

orders <- function(v) {
  if (length(v) == 1) return(list(v))
  do.call(c, lapply(seq_along(v), function(i) lapply(orders(v[-i]), function(rest) c(v[i], rest))))
}

shares <- function(name, y, terms, data) {
  all_orders <- orders(terms)
  for (term in terms) {
    gain <- sapply(all_orders, function(o) {
      before <- o[seq_len(match(term, o) - 1)]
      r2(y, c(before, term), data) - r2(y, before, data)
    })
    add(name, term, "alone", r2(y, term, data))
    add(name, term, "semi_partial", r2(y, terms, data) - r2(y, setdiff(terms, term), data))
    add(name, term, "lmg", mean(gain))
  }
  add(name, "model", "r2", r2(y, terms, data))
}

swiss_file <- read.csv("swiss.csv")
predictors <- c("Agriculture", "Examination", "Education", "Catholic", "Infant.Mortality")
shares("swiss", "Fertility", predictors, swiss_file)

# a factor of three levels enters as a block of two columns; another numeric column makes the design unbalanced
breaks <- transform(warpbreaks, run = (seq_len(nrow(warpbreaks)) * 7) %% 11)
write.csv(breaks, "importance_warpbreaks.csv", row.names = FALSE, quote = FALSE)
shares("warpbreaks", "breaks", c("wool", "tension", "run"), breaks)

for (terms in list("Education", c("Education", "Catholic"))) {
  fit <- glm(reformulate(terms, "Fertility"), data = swiss_file)
  empty <- glm(Fertility ~ 1, data = swiss_file)
  press <- cv.glm(swiss_file, fit)$delta[1]
  add("swiss", paste(terms, collapse = "+"), "left_out_r2", 1 - press / cv.glm(swiss_file, empty)$delta[1])
}

write.csv(rows, "importance_reference.csv", row.names = FALSE, quote = FALSE)
