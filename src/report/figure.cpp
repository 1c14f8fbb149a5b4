#include "luvit/report/figure.h"

#include "luvit/core/text.h"
#include "svg.h"

namespace luvit {
namespace {

// Height after width: what an <img> or a page without rules of its own shows it at.
std::string opening(const Figure& figure, std::string_view more) {
  const std::string width = coordinate(figure.width), height = coordinate(figure.height);
  return str("<svg", more, " class=\"luvit-figure\" viewBox=\"0 0 ", width, ' ', height, "\" width=\"", width,
             "\" height=\"", height, "\" role=\"img\">\n<title>", markup(figure.title), "</title>\n");
}

std::string content(const Figure& figure) {
  Svg paper;
  paper.rect(0, 0, figure.width, figure.height, "f-paper");
  return str(paper.take(), figure.elements, "</svg>\n");
}

}  // namespace

// Colours of the series: Okabe and Ito's, which the colour-blind tell apart; on dark paper brighter ones of the same
// hues. Plain rules, no variables: programs that turn SVG into PDF do not know them.
const std::string& figure_style() {
  static const std::string style =
      R"(.luvit-figure text{font-family:system-ui,"Segoe UI",Roboto,"Helvetica Neue","Liberation Sans",Arial,sans-serif;font-size:12px;fill:#1f2328}
.luvit-figure .f-paper{fill:#ffffff}
.luvit-figure .f-title{font-size:14px;font-weight:600}
.luvit-figure .f-tick{fill:#4d5661}
.luvit-figure .f-note{fill:#4d5661;font-size:11px}
.luvit-figure .f-cell{font-size:11.5px}
.luvit-figure .f-cell.f-bright{fill:#ffffff}
.luvit-figure .f-cell.f-dark{fill:#111111}
.luvit-figure .f-grid{stroke:#e3e7eb}
.luvit-figure .f-axis{stroke:#6b7580}
.luvit-figure .f-diagonal{stroke:#6b7580;stroke-dasharray:4 4}
.luvit-figure .f-s0{color:#0072b2}
.luvit-figure .f-s1{color:#d55e00}
.luvit-figure .f-s2{color:#009e73}
.luvit-figure .f-s3{color:#b8558f}
.luvit-figure .f-s4{color:#c98500}
.luvit-figure .f-s5{color:#4a9fd0}
.luvit-figure .f-line{fill:none;stroke:currentColor;stroke-width:1.8;stroke-linejoin:round}
.luvit-figure .f-line.f-s1{stroke-dasharray:7 3}
.luvit-figure .f-line.f-s2{stroke-dasharray:2 3}
.luvit-figure .f-line.f-s3{stroke-dasharray:9 3 2 3}
.luvit-figure .f-line.f-s4{stroke-dasharray:12 4}
.luvit-figure .f-line.f-s5{stroke-dasharray:4 2 1 2}
.luvit-figure .f-band{fill:currentColor;fill-opacity:.18}
.luvit-figure .f-dots{fill:none;stroke:currentColor;stroke-linecap:round;stroke-width:6;stroke-opacity:.75}
.luvit-figure .f-many{stroke-width:3;stroke-opacity:.22}
.luvit-figure .f-bar{fill:currentColor}
.luvit-figure .f-gap{fill:#efb78f}
.luvit-figure .f-count{fill:#8b949e}
.luvit-figure .f-error{fill:none;stroke:#1f2328;stroke-width:1.3}
@media (prefers-color-scheme:dark){
.luvit-figure text,.luvit-figure .f-title{fill:#e8ecf0}
.luvit-figure .f-paper{fill:#16191d}
.luvit-figure .f-tick,.luvit-figure .f-note{fill:#aab4be}
.luvit-figure .f-grid{stroke:#2d343b}
.luvit-figure .f-axis,.luvit-figure .f-diagonal{stroke:#8b949e}
.luvit-figure .f-s0{color:#56b4e9}
.luvit-figure .f-s1{color:#f08a4b}
.luvit-figure .f-s2{color:#2fc79b}
.luvit-figure .f-s3{color:#e39cc4}
.luvit-figure .f-s4{color:#f0b840}
.luvit-figure .f-s5{color:#9fd3f2}
.luvit-figure .f-gap{fill:#96603c}
.luvit-figure .f-error{stroke:#e8ecf0}
}
)";
  return style;
}

std::string inline_svg(const Figure& figure) {
  return opening(figure, "") + content(figure);
}

std::string svg_file(const Figure& figure) {
  return str(opening(figure, " xmlns=\"http://www.w3.org/2000/svg\""), "<style>\n", figure_style(), "</style>\n",
             content(figure));
}

void write_figure(const Figure& figure, const fs::path& folder) {
  file_layer().make_folder(folder);
  write_durably(folder / (figure.name + ".svg"), svg_file(figure));
  write_durably(folder / (figure.name + ".csv"), figure.data);
}

std::string file_name_of(const std::string& text) {
  std::string name;
  for (char c : text) {
    const bool kept = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
                      c == '-' || (c == '.' && !name.empty());
    name += kept ? c : '_';
  }
  return name.empty() ? "_" : name.substr(0, 100);
}

}  // namespace luvit
