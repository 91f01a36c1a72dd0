"""`python -m cli` is `nerq`."""

from cli.main import main

if __name__ == "__main__":  # a spawned model process imports this file too
    main()
