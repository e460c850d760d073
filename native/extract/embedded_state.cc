#include <cctype>
#include <cstring>

#include "native/extract/embedded_text.h"
#include "native/extract/metadata_text.h"

namespace millrace::extract {
namespace {

namespace tag = html::tag;
namespace attr = html::attr;

constexpr size_t kMaxScriptBytes = 16u << 20;  // over all scripts of a page
constexpr size_t kMinScript = 140;             // a shorter script holds no text
constexpr int kMaxLevels = 4;                  // JSON inside strings of JSON
constexpr size_t kMinText = 140;               // in bytes, of all that a script yields

// Members that hold text of the interface, of other pages or for machines, never of the page.
bool is_foreign(std::string_view key) {
  for (const auto word : {"i18n", "translation", "locale", "messages", "dictionary", "labels", "cookie", "consent", "privacy", "footer",
                          "seo",
                          "navigation", "menu", "related", "recommend", "css", "style", "analytics", "tracking", "svg", "schema", "error",
                          "config", "disclaimer", "newsletter", "banner", "experiment", "sidebar", "meta", "classname", "notfound"})
    if (contains(key, word)) return true;
  return false;
}

// Prose: enough words, mostly letters, ended or parted like sentences; or markup that holds such.
bool is_prose(std::string_view text) {
  if (text.size() < 40) return false;
  size_t letters = 0, blanks = 0, odd = 0, wide = 0, ends = 0;
  const size_t size = std::min<size_t>(text.size(), 4096);
  bool inside = false;
  size_t shown = 0;
  for (size_t i = 0; i < size; ++i) {
    const unsigned char c = static_cast<unsigned char>(text[i]);
    if (c == '<' && i + 1 < size && (std::isalpha(static_cast<unsigned char>(text[i + 1])) || text[i + 1] == '/')) inside = true;
    if (inside) {
      inside = c != '>';
      continue;
    }
    ++shown;
    if (c >= 0x80) ++wide;
    else if ((c | 32) >= 'a' && (c | 32) <= 'z') ++letters;
    else if (is_space(static_cast<char>(c))) ++blanks;
    else if (std::strchr("{}[];=_|\\/#$%^*~`@", c)) ++odd;
    else if (c == '.' || c == '!' || c == '?' || c == ',' || c == ':') ++ends;
  }
  if (shown < 30 || odd * 20 > shown || letters + wide < shown * 6 / 10) return false;
  const bool spaceless = wide * 2 > shown;  // scripts that do without spaces
  return spaceless || (blanks * 12 >= shown && blanks >= 6 && ends > 0);
}

// Walks the string literals of JSON or JavaScript in order, whatever stands between them; `key` is the member that a string belongs to.
class StateReader {
 public:
  explicit StateReader(EmbeddedTexts& texts) : texts_(texts) {}

  // `script`: JavaScript, whose strings have other quotes too.
  void read(std::string_view text, bool script) {
    struct Frame {
      std::string text;
      std::string_view view;
      size_t at = 0;
      std::string_view key;
      size_t depth = 0, foreign = 0;  // depth at which a foreign member began, 0 for none
      int level = 0;
    };
    std::vector<Frame> frames;
    frames.reserve(kMaxLevels);  // never moved: a frame may look into its own text
    frames.emplace_back();
    frames.back().view = text;
    while (!frames.empty() && !texts_.full()) {
      Frame& f = frames.back();
      const std::string_view t = f.view;
      if (f.at >= t.size()) {
        frames.pop_back();
        continue;
      }
      const char c = t[f.at];
      if (c == '{' || c == '[') {
        ++f.depth;
        if (!f.foreign && !f.key.empty() && is_foreign(f.key)) f.foreign = f.depth;
        if (c == '{') f.key = {};
        ++f.at;
      } else if (c == '}' || c == ']') {
        if (f.foreign == f.depth) f.foreign = 0;
        if (f.depth) --f.depth;
        f.key = {};
        ++f.at;
      } else if (c == '"' || (f.level == 0 && script && (c == '\'' || c == '`'))) {
        const size_t begin = f.at + 1, end = end_of_string(t, begin, c);
        const std::string_view raw = t.substr(begin, end - begin);
        f.at = end + 1;
        size_t behind = f.at;
        while (behind < t.size() && behind < f.at + 16 && is_space(t[behind])) ++behind;
        if (behind < t.size() && t[behind] == ':' && raw.size() <= 64) {
          f.key = raw;
          f.at = behind + 1;
          continue;
        }
        if (raw.size() < 40 || f.foreign || is_foreign(f.key)) continue;
        std::string value;
        append_unescaped(raw, value);
        const size_t first = value.find_first_not_of(" \n\t\r");
        const bool opens = first != std::string::npos && (value[first] == '{' || value[first] == '[');
        const bool json = opens && value.find('"') != std::string::npos;
        if (json && f.level + 1 < kMaxLevels) {
          Frame inner;
          inner.text = std::move(value);
          inner.level = f.level + 1;
          frames.push_back(std::move(inner));
          frames.back().view = frames.back().text;
          continue;
        }
        if (is_prose(value)) texts_.paragraph(value);
      } else if (((c | 32) >= 'a' && (c | 32) <= 'z') || c == '_' || c == '$') {
        const size_t begin = f.at;
        while (f.at < t.size() && (std::isalnum(static_cast<unsigned char>(t[f.at])) || t[f.at] == '_' || t[f.at] == '$')) ++f.at;
        if (f.at < t.size() && t[f.at] == ':' && f.at - begin <= 64) f.key = t.substr(begin, f.at - begin);
      } else {
        ++f.at;
      }
    }
  }

  // The stream that React's server components come in: rows "id:JSON\n", and "id:Tsize,bytes" for long texts (sizes in hexadecimal).
  // Rows of modules and hints (I, H) hold no text.
  void read_rows(std::string_view stream) {
    for (size_t at = 0; at < stream.size() && !texts_.full();) {
      const size_t line = std::min(stream.find('\n', at), stream.size());
      const size_t colon = stream.find(':', at);
      if (colon == std::string_view::npos) return;
      if (colon > line || colon - at > 16 || colon + 1 >= stream.size()) {
        at = line + 1;
        continue;
      }
      const char kind = stream[colon + 1];
      if (kind == 'T') {
        size_t size = 0, k = colon + 2;
        for (; k < stream.size() && k < colon + 10 && std::isxdigit(static_cast<unsigned char>(stream[k])); ++k)
          size = size * 16 + static_cast<size_t>(stream[k] <= '9' ? stream[k] - '0' : (stream[k] | 32) - 'a' + 10);
        if (k < stream.size() && stream[k] == ',') {
          const std::string_view text = stream.substr(k + 1, size);
          if (is_prose(text)) texts_.paragraph(text);
          at = k + 1 + text.size();
          continue;
        }
      }
      if (kind != 'I' && kind != 'H') read(stream.substr(colon + 1, line - colon - 1), false);
      at = line + 1;
    }
  }

 private:
  EmbeddedTexts& texts_;
};

// Appends the string of "self.__next_f.push([1,"…"])".
bool append_pushed(std::string_view script, std::string& stream) {
  if (script.substr(0, 64).find("__next_f") == std::string_view::npos) return false;
  const size_t quote = script.substr(0, 160).find("([1,\"");
  if (quote == std::string_view::npos) return true;
  const size_t begin = quote + 5;
  append_unescaped(script.substr(begin, end_of_string(script, begin, '"') - begin), stream);
  return true;
}

}  // namespace

void read_application_state(const Page& page, EmbeddedTexts& texts) {
  const Tree& tree = page.tree;
  StateReader reader(texts);
  std::string pushed;
  size_t bytes = 0;
  for (const bool declared : {true, false}) {
    const char* origin = "state";
    for (NodeId id = 1; id < tree.nodes.size() && !texts.full(); ++id) {
      const Node& node = tree.nodes[id];
      if (node.kind != html::Kind::element || node.tag != tag::script || node.first_child == kNoNode) continue;
      const std::string_view type = tree.value(node, attr::type), text = tree.text(tree[node.first_child].range);
      if (!declared && type.empty() && append_pushed(text, pushed)) {
        if ((bytes += text.size()) > kMaxScriptBytes) break;
        continue;
      }
      if (text.size() < kMinScript || contains(type, "ld+json") || contains(type, "template") || contains(type, "html")) continue;
      const bool json = contains(type, "json");
      if (json != declared) continue;
      if (!json) {
        // A script that assigns data, not one that computes: by the names that frameworks give it.
        const std::string_view head = text.substr(0, 400);
        if (head.find("__") == std::string_view::npos && head.find("STATE") == std::string_view::npos &&
            head.find("State") == std::string_view::npos && head.find("initialData") == std::string_view::npos &&
            head.find("pageData") == std::string_view::npos)
          continue;
        if (text.find_first_of("{[") > 400) continue;
      }
      if ((bytes += text.size()) > kMaxScriptBytes) break;
      const std::string_view name = tree.value(node, attr::id);
      if (contains(name, "next_data")) origin = "next-data";
      reader.read(text, !json);
    }
    if (!pushed.empty()) origin = "next-data";
    reader.read_rows(pushed);
    texts.finish(origin, kMinText);
  }
}

}  // namespace millrace::extract
