#include "axes.h"

#include <algorithm>
#include <cmath>
#include <cstdio>

#include "luvit/core/error.h"
#include "luvit/core/text.h"
#include "numbers.h"

namespace luvit {
namespace {

// 1, 2 or 5 times a power of ten, so that about `steps` of them span `length`.
double nice_step(double length, double steps) {
  const double rough = length / steps, power = std::pow(10, std::floor(std::log10(rough)));
  for (double factor : {1., 2., 5.})
    if (rough <= factor * power * (1 + 1e-9)) return factor * power;
  return 10 * power;
}

int decimals_of(double step) {
  return std::max(0, static_cast<int>(-std::floor(std::log10(step) + 1e-9)));
}

// Labels as short as the step allows: "1.5", "200 k", "5e-05".
std::string tick_label(double value, double step, double largest) {
  if (value == 0) return "0";
  if (decimals_of(step) > 4 || largest >= 1e15) return exact(value);
  if (largest >= 1e6 && step >= 1e5) return decimal(value / 1e6, decimals_of(step / 1e6)) + " M";
  if (largest >= 1e5 && step >= 1e2) return decimal(value / 1e3, decimals_of(step / 1e3)) + " k";
  return decimal(value, decimals_of(step));
}

std::vector<Tick> linear_ticks(const Range& range, double step, double factor) {
  std::vector<Tick> ticks;
  const double largest = std::max(std::abs(range.low), std::abs(range.high)) * factor;
  const auto first = std::llround(std::ceil(range.low / step - 1e-6)),
             last = std::llround(std::floor(range.high / step + 1e-6));
  for (auto i = first; i <= last; ++i) {
    // The nearest double of the decimal number, so that 3·0.1 is called and placed as 0.3.
    const double value = step < 1 ? static_cast<double>(i) / std::round(1 / step) : static_cast<double>(i) * step;
    ticks.push_back({value, tick_label(value * factor, step * factor, largest)});
  }
  return ticks;
}

void fit_linear(FittedAxis& axis, bool given, double factor, std::size_t most_ticks) {
  Range& range = axis.range;
  if (range.low == range.high) {
    const double around = range.low == 0 ? 1 : std::abs(range.low) / 2;
    range = {range.low - around, range.high + around};
  }
  const double step = nice_step(range.high - range.low, static_cast<double>(most_ticks));
  if (!given) range = {std::floor(range.low / step + 1e-9) * step, std::ceil(range.high / step - 1e-9) * step};
  axis.ticks = linear_ticks(range, step, factor);
}

void fit_logarithmic(FittedAxis& axis, bool given, std::size_t most_ticks) {
  Range& range = axis.range;
  const double low = std::floor(std::log10(range.low) + 1e-9), high = std::ceil(std::log10(range.high) - 1e-9);
  if (!given) range = {std::pow(10, low), std::pow(10, std::max(high, low + 1))};
  const int every = std::max(1, static_cast<int>(std::ceil((high - low) / static_cast<double>(most_ticks))));
  const bool few = high - low < 3;
  for (int power = static_cast<int>(low); power <= static_cast<int>(std::max(high, low + 1)); power += every) {
    for (double factor : {1., 2., 5.}) {
      const double value = factor * std::pow(10, power);
      const bool inside = value >= range.low * (1 - 1e-9) && value <= range.high * (1 + 1e-9);
      if (inside && (factor == 1 || few)) axis.ticks.push_back({value, exact(value)});
    }
  }
}

// Every so many-th tick of the x axis has its label, so that none touches the next.
std::size_t labelled_every(const Frame& frame) {
  const auto& ticks = frame.x.ticks;
  const auto fits = [&](std::size_t every) {
    for (std::size_t i = every; i < ticks.size(); i += every) {
      const double apart = frame.across(ticks[i].value) - frame.across(ticks[i - every].value);
      const double widths = text_width(ticks[i].label, tick_size) + text_width(ticks[i - every].label, tick_size);
      if (apart < widths / 2 + 4) return false;
    }
    return true;
  };
  std::size_t every = 1;
  while (!fits(every)) ++every;
  return every;
}

}  // namespace

bool FittedAxis::shows(double value) const {
  constexpr double drawable = 1e300;  // the length of an axis must be a number too
  return std::abs(value) < drawable && (scale == Scale::linear || value > 0);
}

double FittedAxis::share(double value) const {
  if (scale == Scale::logarithmic) return std::log(value / range.low) / std::log(range.high / range.low);
  return (value - range.low) / (range.high - range.low);
}

double FittedAxis::share_within(double value) const {
  return std::clamp(share(value), 0., 1.);
}

FittedAxis fit(const Axis& axis, const std::vector<double>& values, std::size_t most_ticks) {
  FittedAxis fitted{.label = axis.label, .scale = axis.scale, .range = {0, 0}, .ticks = {}};
  const double factor = axis.unit == Unit::percent ? 100 : 1;
  if (axis.unit == Unit::percent) fitted.label += fitted.label.empty() ? "%" : " (%)";
  std::vector<double> shown;
  for (double value : values)
    if (fitted.shows(value)) shown.push_back(value);
  if (axis.range) {
    fitted.range = *axis.range;
    const bool sound =
        fitted.shows(fitted.range.low) && fitted.shows(fitted.range.high) && fitted.range.low <= fitted.range.high;
    if (!sound)
      throw UsageError(str("axis '", axis.label, "': the range ", exact(fitted.range.low), "..",
                           exact(fitted.range.high), " cannot be drawn"));
  } else if (shown.empty()) {
    fitted.range = axis.scale == Scale::logarithmic ? Range{1, 10} : Range{0, 1};
  } else {
    const auto [low, high] = std::minmax_element(shown.begin(), shown.end());
    fitted.range = {*low, *high};
  }
  if (axis.scale == Scale::logarithmic)
    fit_logarithmic(fitted, axis.range.has_value(), most_ticks);
  else
    fit_linear(fitted, axis.range.has_value(), factor, most_ticks);
  return fitted;
}

std::string value_label(double value, Unit unit) {
  if (unit == Unit::percent) return decimal(value * 100, 1);
  const double size = std::abs(value);
  if (size == 0 || size >= 0.1) return decimal(value, size >= 10 ? 1 : 2);
  if (size >= 1e-3) return decimal(value, 1 - static_cast<int>(std::floor(std::log10(size))));
  char digits[32];
  std::snprintf(digits, sizeof digits, "%.1e", size);
  std::string text = digits;  // 3.1e-05
  if (const auto zero = text.find("-0"); zero != std::string::npos) text.erase(zero + 1, 1);
  return value < 0 ? "−" + text : text;
}

bool Frame::holds(double x_value, double y_value) const {
  const auto inside = [](double share) { return share > -1e-9 && share < 1 + 1e-9; };
  return x.shows(x_value) && y.shows(y_value) && inside(x.share(x_value)) && inside(y.share(y_value));
}

double left_margin(const FittedAxis& y) {
  double widest = 0;
  for (const Tick& tick : y.ticks) widest = std::max(widest, text_width(tick.label, tick_size));
  return edge + (y.label.empty() ? 0 : 20) + widest + 6;
}

double right_margin(const FittedAxis& x) {
  const double half = x.ticks.empty() ? 0 : text_width(x.ticks.back().label, tick_size) / 2;
  return std::max(edge + 12, half + 3);  // the last label stands below the end of its axis
}

double bottom_margin(const FittedAxis& x) {
  return 22 + (x.label.empty() ? 0 : 20) + edge;
}

void draw_axes(Svg& svg, const Frame& frame) {
  draw_x_axis(svg, frame);
  draw_y_axis(svg, frame);
}

void draw_x_axis(Svg& svg, const Frame& frame) {
  const std::size_t every = labelled_every(frame);
  for (std::size_t i = 0; i < frame.x.ticks.size(); ++i) {
    const double at = frame.across(frame.x.ticks[i].value);
    svg.line(at, frame.top, at, frame.bottom, "f-grid");
    if (i % every == 0) svg.text(at, frame.bottom + 17, frame.x.ticks[i].label, "f-tick", Anchor::middle);
  }
  svg.line(frame.left, frame.bottom, frame.right, frame.bottom, "f-axis");
  if (!frame.x.label.empty())
    svg.text((frame.left + frame.right) / 2, frame.bottom + 37, frame.x.label, "f-label", Anchor::middle);
}

void draw_y_axis(Svg& svg, const Frame& frame) {
  for (const Tick& tick : frame.y.ticks) {
    const double at = frame.down(tick.value);
    svg.line(frame.left, at, frame.right, at, "f-grid");
    svg.text(frame.left - 6, at + 4, tick.label, "f-tick", Anchor::end);
  }
  if (!frame.y.label.empty()) svg.upward_text(edge + 11, (frame.top + frame.bottom) / 2, frame.y.label, "f-label");
}

double draw_title(Svg& svg, const std::string& title, double width) {
  double baseline = edge + title_size;
  constexpr double bold = 1.13;  // wider than the plain letters that text_width() knows
  for (const std::string& line : wrapped(title, bold * title_size, width - 2 * edge)) {
    svg.text(edge, baseline, line, "f-title");
    baseline += 18;
  }
  return baseline - 4;
}

double draw_legend(Svg& svg, const std::vector<LegendEntry>& entries, double top, double width) {
  constexpr double mark = 18, line = 18;
  double x = edge, y = top + 6;
  for (const LegendEntry& entry : entries) {
    const std::string name = shortened(entry.name, tick_size, width - 2 * edge - mark - 6);
    const double taken = mark + 6 + text_width(name, tick_size) + 14;
    if (x > edge && x + taken - 14 > width - edge) {
      x = edge;
      y += line;
    }
    if (entry.mark == LegendEntry::Mark::line) svg.line(x, y + 6, x + mark, y + 6, entry.look);
    if (entry.mark == LegendEntry::Mark::dot)
      svg.path(str("M", coordinate(x + mark / 2), ' ', coordinate(y + 6), "h0"), entry.look);
    if (entry.mark == LegendEntry::Mark::box) svg.rect(x + 4, y, 12, 12, entry.look);
    svg.text(x + mark + 6, y + 10, name, "f-tick");
    x += taken;
  }
  return entries.empty() ? top : y + line;
}

std::string colour_look(std::size_t series) {
  return str("f-s", series % 6);
}

}  // namespace luvit
