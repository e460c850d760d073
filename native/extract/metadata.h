#pragma once
#include "native/extract/page.h"

namespace millrace::extract {

// What a page says of itself. Every field is UTF-8, white space collapsed, at most 1,024 bytes, and empty where nothing was found.
struct Metadata {
  std::string title, author;
  std::string date;       // YYYY-MM-DD of the publication
  std::string url;        // canonical address, absolute
  std::string site;
  std::string language;   // BCP 47 as declared, lower case ("en-us")
  std::string licence;    // address or name: rel=license, dc.rights, JSON-LD license
  std::string robots;     // robots meta directives as declared, lower case, comma-separated ("noindex, noai")
  std::string tdm;        // text and data mining reservation: "1" or "0" (tdm-reservation), with policy address behind a space
  std::string schema;     // JSON-LD and microdata types and og:type, comma-separated, in order of appearance
};

// `url` is where the page came from, if known: it makes addresses absolute, may hold a date, and names the site.
void read_metadata(const Page& page, Metadata& out, std::string_view url = {});

// Text that the page carries outside its markup: JSON-LD (articleBody, reviewBody, recipes, questions and answers, job descriptions),
// __NEXT_DATA__ and the like, Discourse data-preloaded. HTML inside is taken as text, paragraphs kept apart by an empty line.
struct Embedded {
  const char* origin = "";  // "json-ld", "next-data", "discourse", "state"
  std::string text;
};

// At most `max_bytes` in all; candidates in order of trust, without the same text twice.
void read_embedded(const Page& page, size_t max_bytes, std::vector<Embedded>& out);

}  // namespace millrace::extract
