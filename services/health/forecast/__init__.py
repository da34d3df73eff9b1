"""Forecasts of when a ceiling is reached. Numbers in, numbers out: nothing here knows of Django or of records.

statsmodels is loaded when the first forecast is made, which is in the worker and in ``manage.py forecast``.
"""

from services.health.forecast.clock import BandDay, Forecast, forecast

__all__ = ["BandDay", "Forecast", "forecast"]
