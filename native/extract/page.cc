// Which elements stand on lines of their own: `display: block`, `list-item` and the table parts of the default style sheet in the WHATWG
// HTML standard, chapter 15 "Rendering". Elements that the standard does not know are inline, as they are in browsers.
#include "native/extract/page.h"

#include <array>

namespace millrace::extract {
namespace {

namespace tag = html::tag;

constexpr auto kBlock = [] {
  std::array<bool, tag::count> block{};
  for (auto id :
       {tag::html,     tag::body,       tag::address, tag::article, tag::aside,   tag::blockquote, tag::caption,  tag::center,   tag::col,
        tag::colgroup, tag::dd,         tag::details, tag::dialog,  tag::dir,     tag::div,        tag::dl,       tag::dt,       tag::fieldset,
        tag::figure,   tag::figcaption, tag::footer,  tag::form,    tag::frame,   tag::frameset,   tag::h1,       tag::h2,       tag::h3,
        tag::h4,       tag::h5,         tag::h6,      tag::header,  tag::hgroup,  tag::hr,         tag::legend,   tag::li,       tag::listing,
        tag::main,     tag::menu,       tag::nav,     tag::ol,      tag::optgroup, tag::option,    tag::p,        tag::plaintext, tag::pre,
        tag::search,   tag::section,    tag::summary, tag::table,   tag::tbody,   tag::td,         tag::tfoot,    tag::th,       tag::thead,
        tag::tr,       tag::ul,         tag::xmp})
    block[id] = true;
  return block;
}();

}  // namespace

bool is_block(const Tree& tree, NodeId id) {
  const auto& node = tree[id];
  return node.kind == html::Kind::element && node.ns == html::Ns::html && kBlock[node.tag];
}

}  // namespace millrace::extract
