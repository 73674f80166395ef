"""The two texts of a simulated study's folder: its study.yaml and its README."""

STUDY_FILE = """\
# Synthetic data, made by `cxstudy simulate`: world {world}, seed {seed}{changed}.
format: 1
name: {name}
title: "Synthetic data (world {world}, seed {seed})"
synthetic: true
truth: truth.json
language: "en"
unit: company
pairing: pooled
year_end: "12-31"
tables:
  companies: {{file: companies.csv}}
  financials: {{file: financials.csv, currency: SEK, unit: thousands}}
  customers: {{file: customers.parquet, missing: [99]}}
  employees: {{file: employees.csv.gz, dates: "%Y-%m-%d"}}
scales:
  recommend: {{low: 0, high: 10}}
  satisfaction: {{low: 1, high: 10}}
  effort: {{low: 1, high: 7, better: low}}
  ease: {{low: 1, high: 10}}
  resolution: {{low: 1, high: 10}}
  engagement: {{low: 1, high: 10}}
  recommend_employer: {{low: 0, high: 10}}
  good_company: {{low: 1, high: 5}}
  trust: {{low: 1, high: 5}}
  thriving: {{low: 1, high: 5}}
  leadership: {{low: 1, high: 5}}
items:
  cx_index: [ease, resolution, engagement]
self_image:
  same: [engagement]
  service: [engagement]
questions:
  recommend:
    en: "How likely is it that you would recommend the company to a friend or colleague?"
    sv: "Hur troligt är det att du skulle rekommendera företaget till en vän eller kollega?"
    da: "Hvor sandsynligt er det, at du vil anbefale virksomheden til en ven eller kollega?"
  satisfaction:
    en: "How satisfied are you with the company as a whole?"
    sv: "Hur nöjd är du med företaget som helhet?"
    da: "Hvor tilfreds er du med virksomheden som helhed?"
  effort:
    en: "How much effort did it take you to get your matter settled?"
    sv: "Hur stor ansträngning krävdes för att få ditt ärende löst?"
    da: "Hvor stor en indsats krævede det at få løst din henvendelse?"
  ease:
    en: "How easy was it to get help?"
    sv: "Hur enkelt var det att få hjälp?"
    da: "Hvor nemt var det at få hjælp?"
  resolution:
    en: "How well were your questions answered and your matter settled?"
    sv: "Hur väl fick du svar på dina frågor och ditt ärende uppklarat?"
    da: "Hvor godt fik du svar på dine spørgsmål og løst din henvendelse?"
  engagement:
    en: "How engaged were our staff?"
    sv: "Hur engagerade var våra medarbetare?"
    da: "Hvor engagerede var vores medarbejdere?"
  recommend_employer:
    en: "How likely is it that you would recommend the company as an employer?"
    sv: "Hur troligt är det att du skulle rekommendera företaget som arbetsgivare?"
    da: "Hvor sandsynligt er det, at du vil anbefale virksomheden som arbejdsplads?"
  good_company:
    en: "This is a good company."
    sv: "Det här är ett bra företag."
    da: "Det her er en god virksomhed."
  trust:
    en: "I trust my employer."
    sv: "Jag har förtroende för min arbetsgivare."
    da: "Jeg har tillid til min arbejdsgiver."
  thriving:
    en: "I thrive at work."
    sv: "Jag trivs på arbetet."
    da: "Jeg trives på arbejdet."
  leadership:
    en: "My nearest manager leads well."
    sv: "Min närmaste chef leder bra."
    da: "Min nærmeste leder er god til at lede."
levels:
  size: [small, medium, large]
  customer_contact: [never, monthly, weekly, daily]
thresholds: {{customers: 5, employees: 7}}
fieldwork: {{from: {p.first_year}-01-01, to: {last_year}-12-31, channel: simulated}}
"""

README = """\
# {name}: synthetic data

**Nothing here was measured.** Companies, customers and employees are invented. The folder was made by
`cxstudy simulate` with world `{world}` and seed {seed}{changed}; the same call gives the same tables.

- {p.companies} companies (named Synthetic … AB), {p.years} years from {p.first_year}, {p.groups} work groups,
  {p.answers:,} customer answers, {p.employees:,} employee answers; money in SEK thousands.
- Put in: operating margin follows the customers' experience with correlation {p.margin_link:g} (lasting parts), organic
  growth with {p.growth_link:g}, the customers' experience of a work group follows its employees' climate with
  {p.ambassador_link:g}. All other figures: `Parameters` in `src/cxstudy/simulated/worlds.py`.
- Left out: {p.missing_share:.1%} of the answers to each question at random; code 99 (don't know) for
  {p.dont_know_share:.1%} of recommend; one year's profit of {p.missing_year:.0%} of the companies.

## The truth

`truth.json` holds what this design would give with very many companies (observed-score values: sampling error of the
answers is in them; ids ending in `_latent` are free of it). It is computed, not assumed: some 96,000 companies are
drawn with the same number of answers, work groups and employees per company, and put through the estimator of each
finding (tiers are quarters; ids ending in `_nps` cut by NPS, the others by promoter share; slopes are for +10). A work
group is high on a feeling when its employees' mean is at least {p.feeling_cut:g} of 5; all groups count alike; points
are on 0–100. The Monte Carlo standard error is about 0.04 points for tier means, 0.002 for R² and 0.001 for the ratios.

| finding | value |
|---|---|
{truth}
"""
