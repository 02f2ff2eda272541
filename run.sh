cd /tmp/pipe-scratch; export CARGO_TARGET_DIR=/tmp/pipe-scratch/target; cargo "$@"
