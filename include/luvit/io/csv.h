#pragma once
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "luvit/core/files.h"

namespace luvit {

// Comma-separated values after RFC 4180: a header line, records that end in CRLF, fields with a comma, a quote or a
// line break in them quoted, quotes doubled.

// A field as it is written, quoted where it must be.
std::string csv_field(std::string_view text);
// A whole record, line end included.
std::string csv_record(const std::vector<std::string>& fields);

// Reads a file record by record, never the whole of it (IN-C's predictions have millions). A plain "\n" ends a line
// too, a byte order mark at the start is skipped, empty lines are. DataError naming file and line where a quote is not
// closed, text stands after one, or a record has more or fewer fields than the header.
class CsvReader {
 public:
  explicit CsvReader(const fs::path& path);  // and reads the header
  ~CsvReader();

  const std::vector<std::string>& columns() const;
  std::size_t column(std::string_view name) const;  // its place; DataError where there is none
  bool has(std::string_view name) const;

  bool next();                                            // the next record; false at the end
  std::string_view operator[](std::size_t column) const;  // until the next record
  // DataError naming file, line and column where the field is no such number.
  std::int64_t integer(std::size_t column) const;
  double real(std::size_t column) const;  // finite
  std::string where() const;              // "predictions/in1k.csv: line 7", for messages

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace luvit
