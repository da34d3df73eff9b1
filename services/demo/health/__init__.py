"""Health of the demo company: checks with ninety days behind them, SLOs, metrics, limits and deployments.

``world`` says how every service behaves at any moment, past or present. The past is written from it, the built-in
target server answers by it, so that both are one story.
"""
