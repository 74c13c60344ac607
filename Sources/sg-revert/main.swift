print("sg-revert")
