"""What a support person needs, collected into one zip that contains no secrets."""
