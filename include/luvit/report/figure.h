#pragma once
#include <string>

#include "luvit/core/files.h"

namespace luvit {

// A finished drawing with the data it was made from. Equal input gives equal text.
struct Figure {
  std::string name;   // of its files, without a suffix
  std::string title;  // what is seen, in one line
  double width = 0, height = 0;
  std::string elements;  // SVG
  std::string data;      // CSV
};

// The rules that colour all figures, for light and dark surroundings.
const std::string& figure_style();

// To stand within a page that holds figure_style() once; and as a file of its own.
std::string inline_svg(const Figure& figure);
std::string svg_file(const Figure& figure);

// FOLDER/NAME.svg and, beside it, its data in FOLDER/NAME.csv. RunError where they cannot be written.
void write_figure(const Figure& figure, const fs::path& folder);

// A name for files out of any text: letters, digits, '.', '_' and '-' stay, the rest becomes '_'.
std::string file_name_of(const std::string& text);

}  // namespace luvit
