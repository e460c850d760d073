// Which language code is in, as its page says. Nothing is guessed from the code: a wrong name is worse than none.
#include "native/extract/code_language.h"

#include <algorithm>
#include <array>

#include "native/extract/code_class.h"

namespace millrace::extract {
namespace {

namespace tag = html::tag;
namespace attr = html::attr;

constexpr int kAncestors = 4, kDescendants = 6;

// Names that count also where they stand alone beside a highlighter's own class ("hljs python", "sourceCode r"). Sorted.
constexpr auto kNames = std::to_array<std::string_view>({
    "ada", "apache", "applescript", "arduino", "asm", "assembly", "autohotkey", "awk", "bash", "basic", "bat", "batch", "c", "c#", "c++",
    "clojure", "cmake", "cobol", "coffeescript", "console", "cpp", "crystal", "cs", "csharp", "css", "csv", "cuda", "cypher", "d", "dart",
    "delphi", "diff", "django", "docker", "dockerfile", "elixir", "elm", "erlang", "excel", "f#", "fish", "fortran", "fsharp", "gherkin",
    "glsl", "go", "golang", "graphql", "groovy", "haml", "handlebars", "haskell", "hcl", "html", "http", "ini", "java", "javascript",
    "jinja", "js", "json", "jsx", "julia", "kotlin", "latex", "less", "lisp", "lua", "makefile", "markdown", "mathematica", "matlab",
    "mermaid", "mysql", "nginx", "nim", "nix", "objc", "objective-c", "objectivec", "ocaml", "octave", "pascal", "perl", "pgsql", "php",
    "postgresql", "powershell", "prolog", "properties", "protobuf", "ps1", "py", "python", "python3", "r", "racket", "rb", "rst", "ruby",
    "rust", "sas", "scala", "scheme", "scss", "sh", "shell", "solidity", "sql", "stata", "svelte", "swift", "tcl", "terraform", "tex",
    "toml", "ts", "tsx", "typescript", "vb", "vbnet", "verilog", "vhdl", "vim", "vue", "wasm", "xml", "xquery", "yaml", "yml", "zig",
    "zsh"});

// Empty for what is no name or says "none".
std::string_view accepted(std::string_view token) {
  while (!token.empty() && (token.back() == ';' || token.back() == ',')) token.remove_suffix(1);
  if (token.empty() || token.size() > 24) return {};
  for (char c : token)
    if (!((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '+' || c == '#' || c == '-' || c == '_' || c == '.')) return {};
  for (auto none : {"none", "default", "plain", "plaintext", "text", "txt", "nohighlight", "no-highlight", "auto", "undefined", "unknown", "code",
                    "xxxx", "null", "raw", "output"})
    if (token == none) return {};
  return token;
}

constexpr std::array<std::string_view, 8> kPrefixes = {"language-", "lang-",          "highlight-source-", "highlight-text-",
                                                       "brush:",    "mw-highlight-lang-", "src-",              "code-lang-"};

bool is_highlighter(std::string_view token) {
  for (auto name : {"hljs", "sourcecode", "highlight", "codehilite", "prettyprint", "src", "syntaxhighlighter", "shiki", "astro-code", "code",
                    "codeblock", "code-block", "listing", "programlisting"})
    if (token == name) return true;
  return false;
}

std::string from_classes(std::string_view classes) {
  std::string found, alone;
  bool highlighter = false, brush = false;
  any_class(classes, [&](std::string_view token) {
    if (brush) {
      found = accepted(token);
      return true;
    }
    if (token == "brush:") {
      brush = true;
      return false;
    }
    for (auto prefix : kPrefixes) {
      if (!token.starts_with(prefix)) continue;
      const auto name = accepted(token.substr(prefix.size()));
      if (name.empty()) continue;
      found = name;
      return true;
    }
    // Sphinx: a div of class highlight-python. The other classes that begin so are the theme's.
    if (token.starts_with("highlight-") && is_language_name(token.substr(10))) alone = token.substr(10);
    if (is_highlighter(token)) highlighter = true;
    if (alone.empty() && is_language_name(token) && token != "code") alone = token;
    return false;
  });
  if (!found.empty()) return found;
  return highlighter || holds(classes, "highlight-") ? alone : std::string();
}

std::string from_attributes(const Tree& tree, NodeId id) {
  const auto& node = tree[id];
  for (uint16_t which : {uint16_t(attr::data_lang), uint16_t(attr::data_language), uint16_t(attr::lang)}) {
    std::string value(tree.value(node, which));
    for (char& c : value) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c | 32) : c;
    // `lang` is a human language but where the highlighter abuses it: then it is one of the names.
    if (which == attr::lang && (!is_language_name(value) || value.size() == 2)) continue;
    const auto name = accepted(value);
    if (!name.empty()) return std::string(name);
  }
  return {};
}

std::string from(const Tree& tree, NodeId id) {
  if (tree[id].kind != html::Kind::element || tree[id].attribute_count == 0) return {};
  auto name = from_classes(class_of(tree, id));
  return name.empty() ? from_attributes(tree, id) : name;
}

}  // namespace

bool is_language_name(std::string_view name) { return std::binary_search(kNames.begin(), kNames.end(), name); }

std::string code_language(const Tree& tree, NodeId node) {
  auto name = from(tree, node);
  if (!name.empty()) return name;
  int left = kDescendants;
  for (NodeId id = tree.following(node, node); id != kNoNode && left > 0; id = tree.following(id, node)) {
    if (tree[id].kind != html::Kind::element) continue;
    --left;
    // Tokens inside the code have classes of their own.
    if (is_element(tree, id, tag::span)) continue;
    if (!(name = from(tree, id)).empty()) return name;
  }
  left = kAncestors;
  for (NodeId id = tree[node].parent; id != kNoNode && left > 0; id = tree[id].parent, --left) {
    if (is_element(tree, id, tag::body) || is_element(tree, id, tag::article) || is_element(tree, id, tag::main)) break;
    if (!(name = from(tree, id)).empty()) return name;
  }
  return {};
}

}  // namespace millrace::extract
