# Set-up is setup_study.py's; see README.md. PYTHON is any Python 3.11 or newer.
PYTHON ?= python3

.PHONY: study test lock
study:
	@$(PYTHON) setup_study.py study
test:
	@$(PYTHON) setup_study.py test
lock:
	@$(PYTHON) setup_study.py lock
