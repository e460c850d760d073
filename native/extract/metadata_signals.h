#pragma once
#include <array>
#include <string_view>
#include <vector>

#include "native/extract/page.h"

namespace millrace::extract {

// Where a page says what of itself: one pass over its nodes in the order of their creation, which for all but mis-nested markup is the
// order of the page. Only finds; what is believed is decided by metadata.cc and its neighbours.

enum class MetaField : uint8_t {
  title, published, modified, site, locale, language, url, licence, robots, agents, reservation, policy, type, generator, count
};

struct Named {
  std::string_view name, value;
};

struct Signals {
  std::string_view language;             // of the html element
  NodeId title = kNoNode;                // the first title element that is no drawing's
  std::string_view canonical, licence;   // link rel=canonical; rel=license anywhere
  std::vector<NodeId> headings;          // h1
  std::vector<NodeId> linked;            // script elements with JSON-LD
  std::vector<NodeId> times;             // time elements
  std::vector<NodeId> authors;           // itemprop or property author or creator, rel=author
  std::vector<NodeId> dates;             // itemprop or property datePublished, dateCreated, uploadDate
  std::vector<std::string_view> types;   // itemtype
  std::array<std::string_view, static_cast<size_t>(MetaField::count)> meta{};
  std::array<uint8_t, static_cast<size_t>(MetaField::count)> rank{};
  std::vector<Named> meta_authors;       // by name, in their order
  std::array<std::string_view, 4> cards{};  // twitter:label1, data1, label2, data2
  std::vector<Named> agents;             // robots directives for one crawler
  std::string_view at(MetaField field) const { return meta[static_cast<size_t>(field)]; }
  void clear();
};

void find_signals(const Tree& tree, Signals& out);

}  // namespace millrace::extract
