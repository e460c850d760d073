#pragma once
#include <string>
#include <string_view>
#include <vector>

#include "native/extract/date.h"
#include "native/extract/json.h"
#include "native/extract/page.h"

namespace millrace::extract {

// What the page's JSON-LD says (schema.org). The thing that the page is about decides; a page or a site speaks where it is silent.
struct Linked {
  std::string title, author, site, licence, language, url;
  bool person = false;   // the author is a Person
  bool article = false;  // a thing of the article family was found
  uint32_t articles = 0;
  Date published, modified;
  std::vector<std::string> types;  // of things that stand for themselves, in order, each once
};

void read_linked(const Tree& tree, const std::vector<NodeId>& scripts, bool day_first, Linked& out);

// How much a schema.org type says of the page's main text: 3 articles, posts, recipes, questions and the like, 2 products, events, jobs and
// other things, 1 pages, 0 what surrounds it (organisations, sites, bread crumbs).
int weight_of_type(std::string_view type);

// The things of a JSON-LD text that stand for themselves: at the top, in arrays, in @graph, as mainEntity. At most 512.
void list_things(const Json& json, std::vector<Json::Id>& things);

// The last part of a type's address or prefixed name ("https://schema.org/Person" -> "Person").
std::string_view type_name(std::string_view type);

// Calls `use` with every type name of a thing ("@type" is a string or an array of them).
template <class Use>
void each_type(const Json& json, Json::Id thing, Use use) {
  Json::Id type = json.member(thing, "@type");
  if (json.is(type, Json::Type::array)) type = json[type].child;
  else if (type != Json::kNone) return use(type_name(json.raw(type)));
  for (; type != Json::kNone; type = json[type].next) use(type_name(json.raw(type)));
}

// The text of a script element that holds JSON: without what hides it; where the page escaped it as HTML, decoded into `storage`.
std::string_view json_text(const Tree& tree, NodeId script, std::string& storage);

}  // namespace millrace::extract
