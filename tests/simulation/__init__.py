"""A campaign simulated from one seed: clock, network, server and disk are played, the rest is real.

`python -m tests.simulation --seed 123 --trace` shows one; `--seeds 100000 --jobs 2` searches.
"""
