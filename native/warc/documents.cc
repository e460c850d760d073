#include "native/warc/documents.h"

#include <algorithm>

namespace millrace::warc {
namespace {

bool is_page(std::string_view type) { return type == "text/html" || type == "application/xhtml+xml"; }

// First byte that breaks UTF-8 (RFC 3629), or npos.
size_t invalid_utf8(std::string_view text) {
  const auto* at = reinterpret_cast<const uint8_t*>(text.data());
  const size_t size = text.size();
  for (size_t i = 0; i < size;) {
    const uint8_t a = at[i];
    if (a < 0x80) {
      ++i;
      continue;
    }
    const size_t length = a >= 0xc2 && a < 0xe0 ? 2 : a >= 0xe0 && a < 0xf0 ? 3 : a >= 0xf0 && a < 0xf5 ? 4 : 0;
    if (!length || i + length > size) return i;
    const uint8_t b = at[i + 1];
    if ((a == 0xe0 && b < 0xa0) || (a == 0xed && b > 0x9f) || (a == 0xf0 && b < 0x90) || (a == 0xf4 && b > 0x8f)) return i;
    for (size_t k = 1; k < length; ++k)
      if ((at[i + k] & 0xc0) != 0x80) return i;
    i += length;
  }
  return std::string_view::npos;
}

// As UTF-8: what is not valid becomes U+FFFD byte by byte; a folded line's break a space; at most 64 KiB, which no header passes.
void append_text(std::string& out, std::string_view text) {
  while (!text.empty()) {
    const size_t bad = invalid_utf8(text);
    for (const char c : text.substr(0, bad)) out += c == '\r' || c == '\n' || c == '\0' ? ' ' : c;
    if (bad == std::string_view::npos) return;
    out += "\xef\xbf\xbd";
    text.remove_prefix(bad + 1);
  }
}

bool wanted(const Record& record) {
  switch (record.type) {
    case RecordType::response: {
      if (record.arc || record.media.empty()) return true;
      const MediaType media = media_type(record.media);
      return media.type == "application/http";
    }
    case RecordType::resource: return is_page(media_type(record.media).type);
    case RecordType::conversion: return media_type(record.media).type == "text/plain";
    default: return false;
  }
}

std::string skip_name(const Record& record) {
  constexpr const char* names[] = {"warc.warcinfo", "warc.response", "warc.resource", "warc.request", "warc.metadata",
                                   "warc.revisit",  "warc.media",    "warc.continuation", "warc.other"};
  return names[static_cast<size_t>(record.type)];
}

bool speaks_of_licence(std::string_view link) {
  for (size_t at = 0; at + 7 <= link.size(); ++at)
    if (equal_ignoring_case(link.substr(at, 7), "license")) return true;
  return false;
}

// Values of every header of that name, a line each. A value that does not fit is left out whole: half a list of directives says something else.
std::string values(const std::vector<Header>& headers, std::string_view name, bool (*take)(std::string_view) = nullptr) {
  std::string out;
  for (const Header& header : headers) {
    if (!equal_ignoring_case(header.name, name) || (take && !take(header.value)) || out.size() + header.value.size() >= kMaxSignals) continue;
    if (!out.empty()) out += '\n';
    for (const char c : header.value) out += c == '\r' || c == '\n' ? ' ' : c;
  }
  return out;
}

// ARC's 14 digits as WARC writes a date.
std::string iso_date(std::string_view digits) {
  std::string out;
  constexpr std::string_view behind = "   - - T : : Z";
  for (size_t i = 0; i < 14; ++i) {
    out += digits[i];
    if (behind[i] != ' ') out += behind[i];
  }
  return out;
}

}  // namespace

DocumentReader::DocumentReader(ByteSource& source, Reader::Options options, size_t max_document_bytes) : reader_(source, [&] {
    options.max_block = max_document_bytes;
    options.wanted = wanted;
    return options;
  }()) {
  body_.max_bytes = max_document_bytes;
  body_.max_expansion = options.max_expansion;
  body_.undeclared_gzip = true;
}

void DocumentReader::add(Batch& batch, ItemKind kind, std::string_view code, std::string_view message, std::string_view body, std::string_view charset,
                         const std::vector<Header>* transfer) {
  const Record& record = reader_.record();
  const auto string = [&](std::string_view text) {
    append_text(batch.text, text);
    batch.string_ends.push_back(static_cast<int32_t>(batch.text.size()));
  };
  const auto lines = [&](std::string_view text) {
    while (!text.empty()) {
      const size_t end = text.find('\n');
      append_text(batch.text, text.substr(0, end));
      if (end != std::string_view::npos) batch.text += '\n';
      text = end == std::string_view::npos ? std::string_view{} : text.substr(end + 1);
    }
    batch.string_ends.push_back(static_cast<int32_t>(batch.text.size()));
  };
  batch.kinds.push_back(static_cast<uint8_t>(kind));
  batch.offsets.push_back(static_cast<double>(record.offset()));
  batch.members.push_back(static_cast<double>(record.member));
  const bool document = kind == ItemKind::page || kind == ItemKind::text;
  const std::string_view language = find(record.headers, "WARC-Identified-Content-Language");
  string(document ? record.uri : std::string_view{});
  string(charset);
  string(document ? trim(language.substr(0, language.find(','))) : std::string_view{});
  string(!document ? std::string_view{} : record.arc ? std::string_view(iso_date(record.date)) : record.date);
  string(document ? find(record.headers, "WARC-Truncated") : std::string_view{});
  string(code);
  string(message);
  if (transfer) {
    lines(values(*transfer, "X-Robots-Tag"));
    string(trim(find(*transfer, "TDM-Reservation")).substr(0, kMaxSignals));
    string(trim(find(*transfer, "TDM-Policy")).substr(0, kMaxSignals));
    lines(values(*transfer, "Link", speaks_of_licence));
  } else {
    for (int i = Batch::robots; i < Batch::kStrings; ++i) string({});
  }
  batch.bodies.append(body);
  batch.body_ends.push_back(static_cast<int32_t>(batch.bodies.size()));
}

void DocumentReader::add_record(Batch& batch) {
  const Record& record = reader_.record();
  if (!record.held || record.type == RecordType::warcinfo) return add(batch, ItemKind::skipped, skip_name(record), {});
  if (record.type == RecordType::conversion) {
    const size_t bad = invalid_utf8(record.block);
    if (bad == std::string_view::npos) return add(batch, ItemKind::text, {}, {}, record.block);
    return add(batch, ItemKind::unreadable, "INVALID_UTF8",
               "expected UTF-8, found " + quoted(record.block.substr(bad, 1)) + " at byte " + std::to_string(bad) + " of the record's text");
  }
  body_.partial = !find(record.headers, "WARC-Truncated").empty();
  if (record.type == RecordType::resource) return add(batch, ItemKind::page, {}, {}, record.block, media_type(record.media).charset);
  if (!parse_message(record.block, message_)) {
    // An ARC record may hold another protocol's answer (dns:, ftp:).
    if (record.arc && !record.uri.starts_with("http")) return add(batch, ItemKind::skipped, "warc.media", {});
    return add(batch, ItemKind::unreadable, "HTTP_HEADERS", "expected HTTP headers that end within 64 KiB, found none");
  }
  if (message_.status < 200 || message_.status > 299) return add(batch, ItemKind::skipped, "warc.status", {});
  MediaType media = media_type(find(message_.headers, "Content-Type"));
  if (media.type.empty()) media.type = media_type(find(record.headers, "WARC-Identified-Payload-Type")).type;
  if (!is_page(media.type)) return add(batch, ItemKind::skipped, "warc.media", {});
  std::string_view body;
  if (const Failure failure = decoder_.decode(message_, body_, body)) return add(batch, ItemKind::unreadable, failure.code, failure.message);
  add(batch, ItemKind::page, {}, {}, body, media.charset, &message_.headers);
}

Error DocumentReader::fill(size_t rows, size_t bytes, Batch& batch, bool& done) {
  done = false;
  batch.bodies.reserve(std::min<size_t>(bytes, 64 << 20) / 4 * 5);  // most batches then never grow
  while (batch.rows() < rows && batch.bodies.size() < bytes) {
    switch (reader_.next()) {
      case Reader::Result::record: add_record(batch); break;
      case Reader::Result::failure: add(batch, ItemKind::unreadable, reader_.failure().code, reader_.failure().message); break;
      case Reader::Result::end: done = true; return reader_.error();
    }
  }
  return Error::none();
}

}  // namespace millrace::warc
