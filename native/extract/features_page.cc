#include "native/extract/features_page.h"

#include <algorithm>
#include <string>

namespace millrace::extract {
namespace {

namespace tag = html::tag;
namespace attr = html::attr;

bool holds(std::string_view text, std::string_view what) { return text.find(what) != text.npos; }

}  // namespace

void read_schema(const Tree& tree, float* page) {
  const auto type = [&](std::string_view t) {
    if (t.size() > 64) return;
    const auto set = [&](feature::Id id) { page[id] = 1; };
    if (holds(t, "Article") || holds(t, "BlogPosting") || holds(t, "Report")) set(feature::s_article);
    if (holds(t, "Product") || holds(t, "Offer")) set(feature::s_product);
    if (holds(t, "Discussion") || holds(t, "QAPage") || holds(t, "Comment")) set(feature::s_forum);
    if (holds(t, "ItemList") || holds(t, "CollectionPage") || holds(t, "SearchResults")) set(feature::s_list);
    if (holds(t, "FAQ") || holds(t, "Question") || holds(t, "HowTo")) set(feature::s_faq);
    if (holds(t, "LocalBusiness") || holds(t, "Service") || holds(t, "Store") || holds(t, "Corporation")) set(feature::s_business);
    if (holds(t, "Recipe")) set(feature::s_recipe);
    if (holds(t, "Event")) set(feature::s_event);
    if (holds(t, "JobPosting")) set(feature::s_job);
    if (holds(t, "WebPage") || holds(t, "WebSite")) set(feature::s_web);
  };
  for (const auto& node : tree.nodes) {
    if (node.kind != html::Kind::element) continue;
    if (node.tag == tag::script) {
      if (node.first_child == kNoNode || !holds(tree.value(node, attr::type), "ld+json")) continue;
      const auto text = tree.text(tree[node.first_child].range);
      for (size_t at = text.find("\"@type\""); at != text.npos; at = text.find("\"@type\"", at)) {
        at += 7;
        while (at < text.size() && (is_space(text[at]) || text[at] == ':' || text[at] == '[')) ++at;
        if (at < text.size() && text[at] == '"') {
          const auto end = text.find('"', at + 1);
          if (end == text.npos) break;
          type(text.substr(at + 1, end - at - 1));
        }
      }
    } else if (node.tag == tag::meta) {
      if (tree.value(node, attr::property) != "og:type") continue;
      const auto value = tree.value(node, attr::content);
      if (holds(value, "article")) page[feature::og_article] = 1;
      if (holds(value, "product")) page[feature::og_product] = 1;
      if (holds(value, "website")) page[feature::og_website] = 1;
    } else if (node.attribute_count && tree.find(node, attr::itemtype)) {
      const auto value = tree.value(node, attr::itemtype);
      type(value.substr(value.rfind('/') == value.npos ? 0 : value.rfind('/') + 1));
    }
  }
}

void read_url(std::string_view url, float* page) {
  auto path = url;
  if (const auto scheme = path.find("://"); scheme != path.npos) path.remove_prefix(scheme + 3);
  const auto host = path.substr(0, path.find('/'));
  path = path.find('/') == path.npos ? std::string_view() : path.substr(path.find('/'));
  const auto query = path.find_first_of("?#");
  page[feature::url_query] = query != path.npos;
  std::string low(path.substr(0, std::min(query, size_t(512))));
  for (char& c : low) c = c >= 'A' && c <= 'Z' ? char(c | 32) : c;
  while (!low.empty() && low.back() == '/') low.pop_back();
  page[feature::url_root] = low.empty();
  page[feature::url_depth] = float(std::count(low.begin(), low.end(), '/'));
  page[feature::url_length] = float(low.size());
  page[feature::url_hyphens] = float(std::count(low.begin() + long(low.rfind('/') == low.npos ? 0 : low.rfind('/')), low.end(), '-'));
  page[feature::url_digits] = float(std::count_if(low.begin(), low.end(), [](char c) { return c >= '0' && c <= '9'; }));
  for (size_t i = 0; i + 5 < low.size(); ++i)
    if (low[i] == '/' && (low.compare(i + 1, 2, "19") == 0 || low.compare(i + 1, 2, "20") == 0) && low[i + 3] >= '0' && low[i + 3] <= '9' &&
        low[i + 4] >= '0' && low[i + 4] <= '9' && (low[i + 5] == '/' || low[i + 5] == '-'))
      page[feature::url_date] = 1;
  const auto any = [&](std::initializer_list<std::string_view> words) {
    return float(std::any_of(words.begin(), words.end(), [&](auto w) { return holds(low, w) || (w.back() == '.' && host.substr(0, w.size()) == w); }));
  };
  page[feature::url_forum] = any({"forum", "thread", "topic", "/t/", "discuss", "community", "question", "viewtopic", "showthread", "forum.", "community.", "discourse."});
  page[feature::url_product] = any({"product", "/p/", "/dp/", "/item", "shop", "store", "shop.", "store."});
  page[feature::url_docs] = any({"/doc", "docs", "api", "guide", "tutorial", "reference", "manual", "wiki", "learn", "docs.", "developer.", "help."});
  page[feature::url_blog] = any({"blog", "news", "article", "post", "story", "blog.", "news."});
  page[feature::url_list] = any({"categor", "tag", "collection", "search", "list", "archive", "catalog", "browse", "/best", "top-"});
  page[feature::url_service] = any({"service", "about", "contact", "solution", "pricing", "platform", "feature"});
}

std::string_view title_of(const Tree& tree) {
  for (NodeId id = 0; id < tree.nodes.size(); ++id)
    if (tree[id].tag == tag::title && tree[id].kind == html::Kind::element && tree[id].ns == html::Ns::html)
      return tree[id].first_child == kNoNode ? std::string_view() : tree.text(tree[tree[id].first_child].range);
  return {};
}

}  // namespace millrace::extract
