#include "luvit/io/csv.h"

#include <charconv>
#include <cmath>
#include <fstream>

#include "luvit/core/error.h"
#include "luvit/core/text.h"

namespace luvit {

std::string csv_field(std::string_view text) {
  if (text.find_first_of(",\"\r\n") == std::string_view::npos) return std::string(text);
  std::string quoted = "\"";
  for (char letter : text) {
    if (letter == '"') quoted += '"';
    quoted += letter;
  }
  return quoted + '"';
}

std::string csv_record(const std::vector<std::string>& fields) {
  std::string record;
  for (const std::string& field : fields) {
    if (&field != &fields.front()) record += ',';
    record += csv_field(field);
  }
  return record + "\r\n";
}

struct CsvReader::Impl {
  std::string path;
  std::ifstream in;
  std::int64_t line = 0, first_line = 0;  // read so far; where the record began
  bool ended_in_cr = false;               // the last line read did
  std::string text, more;                 // the record as it stands in the file, line end off
  std::string unquoted;                   // fields that had quotes doubled
  std::vector<std::string_view> fields;
  std::vector<std::string> columns;

  explicit Impl(const fs::path& file) : path(file.string()), in(file, std::ios::binary) {
    if (!path_exists(file) || is_folder(file) || !in) throw DataError(str(path, ": no such file, or not readable"));
    if (!next()) throw DataError(str(path, ": empty; expected a line of column names"));
    if (fields.front().starts_with("\xEF\xBB\xBF")) fields.front().remove_prefix(3);
    columns.assign(fields.begin(), fields.end());
  }

  std::string where() const { return str(path, ": line ", first_line); }

  bool read_line(std::string& out) {
    if (!std::getline(in, out)) {
      if (in.bad()) throw DataError(str(path, ": cannot be read after line ", line));
      return false;
    }
    ++line;
    ended_in_cr = !out.empty() && out.back() == '\r';
    if (ended_in_cr) out.pop_back();
    return true;
  }

  bool next() {
    do {
      if (!read_line(text)) return false;
    } while (text.empty());
    first_line = line;
    if (text.find('"') == std::string::npos) {
      split_plain();
    } else {
      split_quoted();
    }
    if (!columns.empty() && fields.size() != columns.size())
      throw DataError(str(where(), ": ", fields.size(), " fields; expected ", columns.size(), " (",
                          escape(join(columns, ",")), ")"));
    return true;
  }

  void split_plain() {
    fields.clear();
    std::string_view rest = text;
    for (std::size_t comma; (comma = rest.find(',')) != std::string_view::npos; rest.remove_prefix(comma + 1))
      fields.push_back(rest.substr(0, comma));
    fields.push_back(rest);
  }

  // A quoted field may hold line breaks: the lines below join this record until the quote is closed. Fields are views
  // into `unquoted`, which must not move any more when they are made.
  void split_quoted() {
    unquoted.clear();
    std::vector<std::size_t> ends;
    std::size_t at = 0;
    while (true) {
      if (at < text.size() && text[at] == '"') {
        at = take_quoted(at + 1);
      } else {
        for (; at < text.size() && text[at] != ','; ++at) {
          if (text[at] == '"') throw DataError(str(where(), ": a quote inside a field that does not begin with one"));
          unquoted += text[at];
        }
      }
      ends.push_back(unquoted.size());
      if (at == text.size()) break;
      if (text[at] != ',') throw DataError(str(where(), ": text after a closing quote; expected a comma"));
      ++at;
    }
    fields.clear();
    std::size_t begin = 0;
    for (std::size_t end : ends) {
      fields.push_back(std::string_view(unquoted).substr(begin, end - begin));
      begin = end;
    }
  }

  // From after the opening quote to after the closing one.
  std::size_t take_quoted(std::size_t at) {
    while (true) {
      if (at == text.size()) {
        const char* const line_break = ended_in_cr ? "\r\n" : "\n";
        if (!read_line(more)) throw DataError(str(where(), ": a quote that is never closed"));
        unquoted += line_break;
        text += '\n' + more;
        ++at;
      } else if (text[at] != '"') {
        unquoted += text[at++];
      } else if (at + 1 < text.size() && text[at + 1] == '"') {
        unquoted += '"';
        at += 2;
      } else {
        return at + 1;
      }
    }
  }

  template <typename Number>
  Number number(std::size_t column, const char* expected) const {
    const std::string_view field = fields[column];
    Number value{};
    const auto [end, error] = std::from_chars(field.data(), field.data() + field.size(), value);
    if (error == std::errc() && end == field.data() + field.size() && std::isfinite(static_cast<double>(value)))
      return value;
    throw DataError(
        str(where(), ": ", columns[column], " is `", escape(field.substr(0, 60)), "`; expected ", expected));
  }
};

CsvReader::CsvReader(const fs::path& path) : impl_(std::make_unique<Impl>(path)) {}
CsvReader::~CsvReader() = default;

const std::vector<std::string>& CsvReader::columns() const {
  return impl_->columns;
}

bool CsvReader::has(std::string_view name) const {
  return std::find(impl_->columns.begin(), impl_->columns.end(), name) != impl_->columns.end();
}

std::size_t CsvReader::column(std::string_view name) const {
  const auto found = std::find(impl_->columns.begin(), impl_->columns.end(), name);
  if (found == impl_->columns.end())
    throw DataError(str(impl_->path, ": line 1: no column ", name),
                    str("the columns there are ", escape(join(impl_->columns, ", "))));
  return static_cast<std::size_t>(found - impl_->columns.begin());
}

bool CsvReader::next() {
  return impl_->next();
}

std::string_view CsvReader::operator[](std::size_t column) const {
  return impl_->fields[column];
}

std::int64_t CsvReader::integer(std::size_t column) const {
  return impl_->number<std::int64_t>(column, "an integer");
}

double CsvReader::real(std::size_t column) const {
  return impl_->number<double>(column, "a finite number");
}

std::string CsvReader::where() const {
  return impl_->where();
}

}  // namespace luvit
