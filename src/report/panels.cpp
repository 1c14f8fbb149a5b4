#include <algorithm>

#include "luvit/core/text.h"
#include "luvit/report/colours.h"
#include "numbers.h"
#include "token_sections.h"

namespace luvit {
namespace {

// A pixel a cell, from its own minimum to its own maximum; a constant map is all dark.
Picture map_picture(const std::vector<float>& values, std::int64_t grid) {
  const auto [low, high] = std::minmax_element(values.begin(), values.end());
  Image image{grid, grid, {}};
  for (const float value : values) {
    const double span = static_cast<double>(*high) - static_cast<double>(*low);
    const Rgb colour = viridis(span > 0 ? (static_cast<double>(value) - static_cast<double>(*low)) / span : 0);
    image.pixels.insert(image.pixels.end(), colour.begin(), colour.end());
  }
  return picture_of(std::move(image), grid);
}

// Background dark, object white, what is ignored grey.
Picture mask_picture(const std::vector<std::uint8_t>& cells, std::int64_t grid) {
  constexpr std::uint8_t levels[] = {30, 245, 140};
  Image image{grid, grid, {}};
  for (const std::uint8_t cell : cells) image.pixels.insert(image.pixels.end(), 3, levels[std::min<int>(cell, 2)]);
  return picture_of(std::move(image), grid);
}

const AnalysedImage* find(const AnalysedSuite& model, const std::string& path) {
  const auto found = std::find_if(model.images.begin(), model.images.end(),
                                  [&](const AnalysedImage& image) { return image.path == path; });
  return found == model.images.end() ? nullptr : &*found;
}

std::string gap_text(const std::vector<AnalysedSuite>& models, const std::string& path) {
  std::string text;
  for (const AnalysedSuite& model : models)
    if (const AnalysedImage* image = find(model, path); image && image->used())
      text += str(text.empty() ? "gap " : ", ", named(models, model), models.size() == 1 ? "" : " ",
                  decimal(image->gap(), 3));
  return text;
}

}  // namespace

void add_panels(Report& report, const std::vector<AnalysedSuite>& models) {
  constexpr std::int64_t picture_side = 184;  // twice what it takes on the page
  const std::vector<PanelImage> panels = read_panels(models.front());
  if (panels.empty()) return;
  PictureTable table{.columns = {"image", "mask"}, .rows = {}};
  for (const AnalysedSuite& model : models)
    for (const char* map : {"entropy", "norm"})
      table.columns.push_back(models.size() == 1 ? map : str(model.model, ": ", map));
  std::size_t missing = 0;
  for (const PanelImage& panel : panels) {
    PictureTable::Row row{{panel.path, gap_text(models, panel.path)},
                          {picture_of(panel.picture, picture_side), mask_picture(panel.maps.mask, panel.maps.grid)}};
    for (const AnalysedSuite& model : models) {
      const auto maps = read_maps(model, panel.path);
      missing += !maps;
      for (const auto* map : {maps ? &maps->entropy : nullptr, maps ? &maps->norm : nullptr})
        row.pictures.push_back(map ? map_picture(*map, maps->grid) : Picture());
    }
    table.rows.push_back(std::move(row));
  }
  report.page.picture_table(table);
  report.page.paragraph(str(
      "As the paper’s Figure 3: image, mask, entropy of the last ViT block’s attention and norm of its tokens, each "
      "map from its own minimum (dark) to its own maximum (yellow). Where a map has the mask’s outline the block "
      "tells object from background; in the mask white is object, grey is ignored. The images are chosen by a rule, ",
      models.size() == 1 ? "by" : str("by ", models.front().model, "’s"),
      " gap of entropy, background − object: the three largest, the three around the median, the three smallest "
      "of all images; the last three are the control that the first three are not typical."));
  if (missing > 0)
    report.page.warning(
        str(missing, " maps of other models’ images were not kept; an evaluation with maps: true keeps them all."));
}

}  // namespace luvit
