"""Looks into the wheels that are locked, those that were built from source too."""


def main():
    trust()
    request = json.load(open(sys.argv[1]))
    with open(f"{OUT}/wheels.json", "w") as f:
        json.dump(look_into(request["wheels"], request["indexes"]), f)


main()
