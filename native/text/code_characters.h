#pragma once
#include <string_view>

#include "native/text/code.h"

namespace millrace::text {

// kCodeMeanLine, kCodeLetters and kCodeAlphanumerics; kCodeLines is known.
void measure_code_characters(std::string_view text, CodeStatistics& out);

// kCodeLicence: the first 512 bytes name or grant a well-known licence.
bool opens_with_licence(std::string_view text);

}  // namespace millrace::text
