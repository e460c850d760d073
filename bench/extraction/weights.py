"""Writes trained models as native/extract/weights.inc (forest.h, prior.h say how they are read)."""
import numpy as np


def below(threshold):
    """The largest float that is not above a double: x <= threshold means the same for every float x."""
    value = np.float32(threshold)
    return np.nextafter(value, np.float32(-np.inf)) if float(value) > threshold else value


def literal(value):
    value = np.float32(value)
    if not np.isfinite(value):
        value = np.float32(np.copysign(3e38, value))
    wide = value != 0 and not 1e-4 <= abs(value) < 1e5
    text = np.format_float_scientific(value, trim="-", exp_digits=1) if wide else np.format_float_positional(value, trim="-")
    return text + ("f" if "." in text or "e" in text else ".f")


def columns_hash(columns):
    h = 2166136261
    for name in columns:
        for byte in name.encode():
            h = ((h ^ byte) * 16777619) & 0xFFFFFFFF
    return h


def wrapped(items, width=149):
    lines, line = [], ""
    for item in items:
        if len(line) + len(item) + 1 > width:
            lines.append(line)
            line = ""
        line += item + ","
    return "\n".join(lines + [line])


def forest(model, name):
    """A LightGBM model as two arrays and a Forest: nodes in the order parent, left, right."""
    nodes, roots = [], []
    for tree in model.dump_model()["tree_info"]:
        roots.append(len(nodes))
        out, stack = [], [(tree["tree_structure"], None)]
        while stack:
            node, parent = stack.pop()
            if parent is not None:
                out[parent][2] = len(out)
            if "leaf_value" in node:
                out.append([literal(node["leaf_value"]), "kLeaf", 0])
            else:
                assert node["decision_type"] == "<="
                out.append([literal(below(node["threshold"])), node["split_feature"], 0])
                stack += [(node["right_child"], len(out) - 1), (node["left_child"], None)]
        nodes += out
    body = wrapped("{%s,%s,%s}" % tuple(node) for node in nodes)
    return (
        f"constexpr ForestNode {name}Nodes[] = {{\n{body}}};\n"
        f"constexpr uint32_t {name}Roots[] = {{\n{wrapped(map(str, roots))}}};\n"
        f"constexpr Forest {name} = {{{name}Nodes, {name}Roots, {len(roots)}, 0}};\n"
    )


def prior(weights, bias):
    scale = float(np.abs(weights).max()) / 127 or 1.0
    rounded = np.round(weights / scale).astype(int)
    return (
        f"constexpr float kPriorScale = {literal(scale)};\nconstexpr float kPriorBias = {literal(bias)};\n"
        f"constexpr int8_t kPriorWeights[kPriorSize] = {{\n{wrapped(map(str, rounded))}}};\n"
    )


def write(path, head, columns, prior_model, first, second, types, confidence):
    text = "".join(f"// {line}\n" for line in head)
    text += f"constexpr uint32_t kWeightsColumns = {columns_hash(columns)}u;\n"
    text += prior(prior_model[:-1], prior_model[-1])
    text += forest(first, "kFirst") + forest(second, "kSecond") + forest(confidence, "kConfidence")
    for i, model in enumerate(types):
        text += forest(model, f"kType{i}")
    text += f"constexpr Forest kTypeForests[] = {{{', '.join(f'kType{i}' for i in range(len(types)))}}};\n"
    path.write_text(text)
    return len(text)
