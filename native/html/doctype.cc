// The doctype token: the document's doctype node and its quirks (13.2.6.4.1).
#include <algorithm>
#include <string>

#include "native/html/builder.h"

namespace millrace::html {
namespace {

// Public identifiers that begin so, compared in lower case, ask for quirks.
constexpr std::string_view kQuirky[] = {
    "+//silmaril//dtd html pro v0r11 19970101//",
    "-//as//dtd html 3.0 aswedit + extensions//",
    "-//advasoft ltd//dtd html 3.0 aswedit + extensions//",
    "-//ietf//dtd html 2.0 level 1//",
    "-//ietf//dtd html 2.0 level 2//",
    "-//ietf//dtd html 2.0 strict level 1//",
    "-//ietf//dtd html 2.0 strict level 2//",
    "-//ietf//dtd html 2.0 strict//",
    "-//ietf//dtd html 2.0//",
    "-//ietf//dtd html 2.1e//",
    "-//ietf//dtd html 3.0//",
    "-//ietf//dtd html 3.2 final//",
    "-//ietf//dtd html 3.2//",
    "-//ietf//dtd html 3//",
    "-//ietf//dtd html level 0//",
    "-//ietf//dtd html level 1//",
    "-//ietf//dtd html level 2//",
    "-//ietf//dtd html level 3//",
    "-//ietf//dtd html strict level 0//",
    "-//ietf//dtd html strict level 1//",
    "-//ietf//dtd html strict level 2//",
    "-//ietf//dtd html strict level 3//",
    "-//ietf//dtd html strict//",
    "-//ietf//dtd html//",
    "-//metrius//dtd metrius presentational//",
    "-//microsoft//dtd internet explorer 2.0 html strict//",
    "-//microsoft//dtd internet explorer 2.0 html//",
    "-//microsoft//dtd internet explorer 2.0 tables//",
    "-//microsoft//dtd internet explorer 3.0 html strict//",
    "-//microsoft//dtd internet explorer 3.0 html//",
    "-//microsoft//dtd internet explorer 3.0 tables//",
    "-//netscape comm. corp.//dtd html//",
    "-//netscape comm. corp.//dtd strict html//",
    "-//o'reilly and associates//dtd html 2.0//",
    "-//o'reilly and associates//dtd html extended 1.0//",
    "-//o'reilly and associates//dtd html extended relaxed 1.0//",
    "-//sq//dtd html 2.0 hotmetal + extensions//",
    "-//softquad software//dtd hotmetal pro 6.0::19990601::extensions to html 4.0//",
    "-//softquad//dtd hotmetal pro 4.0::19971010::extensions to html 4.0//",
    "-//spyglass//dtd html 2.0 extended//",
    "-//sun microsystems corp.//dtd hotjava html//",
    "-//sun microsystems corp.//dtd hotjava strict html//",
    "-//w3c//dtd html 3 1995-03-24//",
    "-//w3c//dtd html 3.2 draft//",
    "-//w3c//dtd html 3.2 final//",
    "-//w3c//dtd html 3.2//",
    "-//w3c//dtd html 3.2s draft//",
    "-//w3c//dtd html 4.0 frameset//",
    "-//w3c//dtd html 4.0 transitional//",
    "-//w3c//dtd html experimental 19960712//",
    "-//w3c//dtd html experimental 970421//",
    "-//w3c//dtd w3 html//",
    "-//w3o//dtd w3 html 3.0//",
    "-//webtechs//dtd mozilla html 2.0//",
    "-//webtechs//dtd mozilla html//",
};
constexpr std::string_view kQuirkyWhole[] = {"-//w3o//dtd w3 html strict 3.0//en//", "-/w3c/dtd html 4.0 transitional/en", "html"};
constexpr std::string_view kLimited[] = {"-//w3c//dtd xhtml 1.0 frameset//", "-//w3c//dtd xhtml 1.0 transitional//"};
// Full quirks without a system identifier, limited ones with it.
constexpr std::string_view kEither[] = {"-//w3c//dtd html 4.01 frameset//", "-//w3c//dtd html 4.01 transitional//"};

std::string lower(std::string_view text) {
  std::string out(text);
  for (char& c : out)
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c | 0x20);
  return out;
}

Quirks quirks_of(const Token& token, const Tree& tree) {
  if (token.force_quirks || tree.text(token.range) != "html") return Quirks::full;
  if (token.has_system && lower(tree.text(token.system_id)) == "http://www.ibm.com/data/dtd/v11/ibmxhtml1-transitional.dtd") return Quirks::full;
  if (!token.has_public) return Quirks::none;
  const std::string id = lower(tree.text(token.public_id));
  const auto begins = [&](const auto& list) {
    return std::any_of(std::begin(list), std::end(list), [&](auto prefix) { return id.starts_with(prefix); });
  };
  if (std::find(std::begin(kQuirkyWhole), std::end(kQuirkyWhole), id) != std::end(kQuirkyWhole) || begins(kQuirky)) return Quirks::full;
  if (begins(kEither)) return token.has_system ? Quirks::limited : Quirks::full;
  return begins(kLimited) ? Quirks::limited : Quirks::none;
}

}  // namespace

void Builder::doctype(const Token& token) {
  skip_newline_ = false;
  if (mode_ == in_table_text) flush_table_text();
  if (mode_ != initial) return;
  const NodeId node = new_node(Kind::doctype);
  tree_->nodes[node].range = token.range;
  attach(node, {0, kNoNode});
  tree_->doctype_public = token.public_id;
  tree_->doctype_system = token.system_id;
  tree_->quirks = quirks_of(token, *tree_);
  mode_ = before_html;
}

}  // namespace millrace::html
