"""A campaign over several machines, simulated from one seed: workers, submit, collect and Redis, and all that
happens between them. Redis' scripts, redis-py and every part of the package are the real ones.

`python -m tests.simulation --cluster --seed 123 --trace` shows one.
"""
