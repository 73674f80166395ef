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
