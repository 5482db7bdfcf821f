# One door for developers; on Windows, the commands can be typed one by one.
# PYTHON is that of the environment that `python run.py test` makes.
PYTHON ?= .venv/bin/python

.PHONY: test quick lint format docs serve bench

test:    ## everything, as the checks run it
	$(PYTHON) -m pytest -n auto --dist worksteal

quick:   ## without what takes long
	$(PYTHON) -m pytest -n auto --dist worksteal -m "not slow"

lint:    ## style and types
	$(PYTHON) -m ruff format --check .
	$(PYTHON) -m ruff check .
	$(PYTHON) -m mypy

format:  ## bring the code into shape
	$(PYTHON) -m ruff format .
	$(PYTHON) -m ruff check --fix .

docs:    ## build the pages into site/
	$(PYTHON) -m mkdocs build --strict

serve:   ## show the pages while writing them
	$(PYTHON) -m mkdocs serve

bench:   ## measure; results go to bench/RESULTS.md by hand, with the command
	@ls bench/*.py
