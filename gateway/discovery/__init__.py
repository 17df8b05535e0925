"""Finding model servers on this machine: `scan` asks, `gateway.preflight.engines` says what answered."""
