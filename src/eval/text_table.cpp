#include "text_table.h"

#include <algorithm>
#include <cstdio>

namespace luvit {
namespace {

std::size_t characters(const std::string& text) {
  return static_cast<std::size_t>(std::count_if(text.begin(), text.end(), [](char c) { return (c & 0xC0) != 0x80; }));
}

}  // namespace

std::string text_table(const TextRows& rows, std::size_t left) {
  std::vector<std::size_t> width;
  for (const auto& row : rows) {
    width.resize(std::max(width.size(), row.size()));
    for (std::size_t i = 0; i < row.size(); ++i) width[i] = std::max(width[i], characters(row[i]));
  }
  std::string text;
  for (const auto& row : rows) {
    std::string line;
    for (std::size_t i = 0; i < row.size(); ++i) {
      const std::string space(width[i] - characters(row[i]), ' ');
      line += (i ? "  " : "") + (i < left ? row[i] + space : space + row[i]);
    }
    line.erase(line.find_last_not_of(' ') + 1);
    text += line + '\n';
  }
  return text;
}

std::string markdown_table(const TextRows& rows, std::size_t left) {
  std::string text;
  for (const auto& row : rows) {
    text += '|';
    for (std::string cell : row) {
      for (std::size_t bar = 0; (bar = cell.find('|', bar)) != std::string::npos; bar += 2) cell.insert(bar, "\\");
      text += ' ' + cell + " |";
    }
    text += '\n';
    if (&row != &rows.front()) continue;
    text += '|';
    for (std::size_t i = 0; i < row.size(); ++i) text += i < left ? " --- |" : " ---: |";
    text += '\n';
  }
  return text;
}

std::string fixed(double value, int decimals) {
  char digits[400];
  std::snprintf(digits, sizeof digits, "%.*f", decimals, std::abs(value));
  const bool zero = std::string_view(digits).find_first_not_of("0.") == std::string_view::npos;
  return (value < 0 && !zero ? "−" : "") + std::string(digits);
}

std::string with_sign(double value, int decimals) {
  std::string text = fixed(value, decimals);
  const bool zero = text.find_first_not_of("0.") == std::string::npos;
  return value > 0 && !zero ? "+" + text : text;
}

std::string p_value(double p) {
  return p < 0.001 ? "<0.001" : fixed(p, 3);
}

}  // namespace luvit
