"""What the tables of character classes share: ranges of code points, and their lines of C++."""


def ranges(test, codes=range(0x110000)):
    """[first, last] of each run of neighbours among `codes`, ascending, whose characters pass `test`."""
    found = []
    for code in codes:
        if not test(chr(code)):
            continue
        if found and found[-1][1] == code - 1:
            found[-1][1] = code
        else:
            found.append([code, code])
    return found


def print_ranges(name, found):
    """Prints `inline constexpr Range k<name>Ranges[]`, as many ranges a line as fit."""
    print(f"inline constexpr Range k{name}Ranges[] = {{")
    line = "   "
    for first, last in found:
        item = f" {{{first:#x}, {last:#x}}},"
        if len(line) + len(item) > 138:
            print(line)
            line = "   "
        line += item
    print(line + "\n};")
