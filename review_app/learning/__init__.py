"""What people's labels come to: detectors made from them, compared, put in force, taken back."""
