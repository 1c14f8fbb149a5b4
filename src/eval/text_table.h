#pragma once
#include <string>
#include <vector>

namespace luvit {

using TextRows = std::vector<std::vector<std::string>>;

// Columns under one another, two spaces apart: the first `left` of them start at the left, the others end at the
// right. Widths are counted in characters, not bytes. Rows may be of different lengths.
std::string text_table(const TextRows& rows, std::size_t left = 1);
// The first row is the head.
std::string markdown_table(const TextRows& rows, std::size_t left = 1);

std::string fixed(double value, int decimals);      // "83.20", "−0.40"
std::string with_sign(double value, int decimals);  // "+0.40", "−0.40", "0.00"
std::string p_value(double p);                      // "0.031", "<0.001"

}  // namespace luvit
