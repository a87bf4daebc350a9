// The report as one HTML page: no script, nothing to fetch.
#include <algorithm>
#include <array>
#include <fmt/chrono.h>
#include <fmt/format.h>

#include "testing/rehearsal/drill/report.h"

namespace aipress::drill {
namespace {

constexpr double kLabelWidth = 110;
constexpr double kChartWidth = 760;
constexpr double kRow = 26;

constexpr std::string_view kStyle = R"css(
:root{--ink:#1b2733;--soft:#5f6e7d;--line:#dde3e9;--back:#fff;--good:#1a7f4b;--bad:#c0362c}
*{box-sizing:border-box}body{margin:0;background:#f4f6f8;color:var(--ink);font:15px/1.5 system-ui,sans-serif}
main{max-width:1080px;margin:0 auto;padding:32px 24px 64px}h1{font-size:26px;margin:0 0 4px}h2{font-size:18px;margin:0 0 4px}
p{margin:0 0 12px;color:var(--soft)}section{background:var(--back);border:1px solid var(--line);border-radius:10px;padding:20px 24px;margin-top:20px;overflow-x:auto}
.tiles{display:flex;gap:12px;flex-wrap:wrap;margin-top:20px}.tile{background:var(--back);border:1px solid var(--line);border-radius:10px;padding:14px 18px;flex:1 1 150px}
.tile b{display:block;font-size:24px;line-height:1.3;font-weight:650;font-variant-numeric:tabular-nums}.tile span{color:var(--soft);font-size:13px}
.good{color:var(--good)}.bad{color:var(--bad)}table{border-collapse:collapse;width:100%;font-size:13.5px;font-variant-numeric:tabular-nums}
th{font-weight:600;color:var(--soft);text-align:right;padding:4px 8px;border-bottom:1px solid var(--line);vertical-align:bottom;white-space:nowrap}
td{text-align:right;padding:5px 8px;border-bottom:1px solid var(--line);white-space:nowrap}th:nth-child(-n+3),td:nth-child(-n+3){text-align:left}
svg{display:block;max-width:100%;height:auto}svg text{font:12px system-ui,sans-serif;fill:var(--ink)}svg .soft{fill:var(--soft)}
.legend{display:flex;gap:18px;flex-wrap:wrap;font-size:13px;color:var(--soft);margin:0 0 8px}.legend i{display:inline-block;width:11px;height:11px;border-radius:3px;margin-right:6px;vertical-align:-1px}
ul{margin:0;padding-left:20px;font-size:13.5px}
)css";

struct Colour {
    std::string_view name;
    std::string_view value;
};
constexpr std::array<Colour, 9> kSteps{{{"backup", "#8aa4c1"},
                                        {"provision", "#5b7fb0"},
                                        {"database", "#2f5d9b"},
                                        {"files", "#3f8f8b"},
                                        {"validate", "#7a6bb0"},
                                        {"waiting", "#eadfc6"},
                                        {"routing", "#e0a33c"},
                                        {"observe", "#5fa657"},
                                        {"rollback", "#c0362c"}}};

std::string escaped(std::string_view text) {
    std::string result;
    for (char const letter : text) {
        if (letter == '<')
            result += "&lt;";
        else if (letter == '>')
            result += "&gt;";
        else if (letter == '&')
            result += "&amp;";
        else if (letter == '"')
            result += "&quot;";
        else
            result += letter;
    }
    return result;
}

// A round number that is not less: 1, 2 or 5 times a power of ten.
double round_up(double value) {
    double step = 1;
    for (int i = 0; step < value; ++i) step *= i % 3 == 1 ? 2.5 : 2;
    return step;
}

std::string label(double x, double y, std::string_view text, std::string_view more = "") {
    return fmt::format("<text x='{:.1f}' y='{:.1f}' {}>{}</text>", x, y, more, escaped(text));
}

std::string bar(double x, double y, double width, double height, std::string_view colour,
                std::string_view title) {
    return fmt::format(
        "<rect x='{:.1f}' y='{:.1f}' width='{:.1f}' height='{:.1f}' rx='2' fill='{}'>"
        "<title>{}</title></rect>",
        x, y, std::max(width, 1.5), height, colour, escaped(title));
}

std::string legend(std::vector<Colour> const& colours) {
    std::string html = "<div class='legend'>";
    for (auto const& colour : colours)
        html +=
            fmt::format("<span><i style='background:{}'></i>{}</span>", colour.value, colour.name);
    return html + "</div>";
}

// A row a tenant over an axis from 0 to `most`, which is a round number.
class Chart {
public:
    Chart(std::size_t rows, double most, std::string_view unit) : most_(most) {
        auto const height = static_cast<double>(rows) * kRow + 26;
        svg_ = fmt::format("<svg viewBox='0 0 {:.0f} {:.0f}' width='{:.0f}' role='img'>",
                           kLabelWidth + kChartWidth + 70, height, kLabelWidth + kChartWidth + 70);
        for (int i = 0; i <= 5; ++i) {
            auto const value = most * i / 5;
            svg_ += fmt::format(
                "<line x1='{0:.1f}' x2='{0:.1f}' y1='0' y2='{1:.1f}' stroke='#dde3e9'/>", x(value),
                height - 24);
            svg_ += label(x(value), height - 8, fmt::format("{:g} {}", value, unit),
                          "class='soft' text-anchor='middle'");
        }
    }
    [[nodiscard]] double x(double value) const {
        return kLabelWidth + kChartWidth * std::min(value, most_) / most_;
    }
    static double y(std::size_t row) { return static_cast<double>(row) * kRow; }
    void name(std::size_t row, std::string_view text) { svg_ += label(0, y(row) + 17, text); }
    void add(std::string_view part) { svg_ += part; }
    [[nodiscard]] std::string text() const { return svg_ + "</svg>"; }

private:
    double most_;
    std::string svg_;
};

std::string downtime_chart(Report const& report) {
    double most = 1;
    for (auto const& one : report.tenants)
        most = std::max(
            {most, static_cast<double>(one.downtime_ms), static_cast<double>(one.fence_ms)});
    Chart chart(report.tenants.size(), round_up(most), "ms");
    for (std::size_t i = 0; i < report.tenants.size(); ++i) {
        auto const& one = report.tenants[i];
        auto const down = static_cast<double>(one.downtime_ms);
        auto const fence = static_cast<double>(std::max<std::int64_t>(one.fence_ms, 0));
        chart.name(i, one.tenant);
        chart.add(bar(kLabelWidth, Chart::y(i) + 3, chart.x(down) - kLabelWidth, 10, "#e0a33c",
                      fmt::format("longest time without a good answer: {:.0f} ms", down)));
        chart.add(bar(kLabelWidth, Chart::y(i) + 14, chart.x(fence) - kLabelWidth, 7, "#2f5d9b",
                      fmt::format("fence: {:.0f} ms", fence)));
        chart.add(label(chart.x(down) + 6, Chart::y(i) + 13, fmt::format("{:.0f}", down)));
    }
    return legend({{"longest time without a good answer", "#e0a33c"}, {"write fence", "#2f5d9b"}}) +
           chart.text();
}

std::string latency_mark(Chart const& chart, Latency const& latency, double y,
                         std::string_view colour, std::string_view when) {
    if (latency.visits == 0) return "";
    return fmt::format(
        "<g><title>{5}: median {6:.0f} ms, 95 % below {7:.0f} ms, {8} pages</title>"
        "<line x1='{0:.1f}' x2='{1:.1f}' y1='{2:.1f}' y2='{2:.1f}' stroke='{3}' "
        "stroke-width='2'/><circle cx='{0:.1f}' cy='{2:.1f}' r='{4}' fill='{3}'/>"
        "</g>",
        chart.x(latency.median_ms), chart.x(latency.p95_ms), y, colour, 4.5, when,
        latency.median_ms, latency.p95_ms, latency.visits);
}

std::string latency_chart(Report const& report) {
    double most = 1;
    for (auto const& one : report.tenants)
        most = std::max({most, one.before.p95_ms, one.after.p95_ms});
    Chart chart(report.tenants.size(), round_up(most), "ms");
    for (std::size_t i = 0; i < report.tenants.size(); ++i) {
        auto const& one = report.tenants[i];
        chart.name(i, one.tenant);
        chart.add(latency_mark(chart, one.before, Chart::y(i) + 8, "#8aa4c1", "before"));
        chart.add(latency_mark(chart, one.after, Chart::y(i) + 17, "#2f5d9b", "after"));
    }
    return legend({{"before: median, line to 95 %", "#8aa4c1"}, {"after", "#2f5d9b"}}) +
           chart.text();
}

double seconds_from(WallTime origin, WallTime time) {
    return std::max(0.0, std::chrono::duration<double>(time - origin).count());
}

std::string timeline(Report const& report) {
    double most = 1;
    for (auto const& one : report.tenants)
        most = std::max(most, seconds_from(report.began_at, one.ended_at));
    Chart chart(report.tenants.size(), std::ceil(most / 25) * 25, "s");
    for (std::size_t i = 0; i < report.tenants.size(); ++i) {
        auto const& one = report.tenants[i];
        chart.name(i, one.tenant);
        for (auto const& step : one.steps) {
            auto const* const colour =
                std::find_if(kSteps.begin(), kSteps.end(),
                             [&](Colour const& known) { return known.name == step.step; });
            if (colour == kSteps.end()) continue;
            auto const from = seconds_from(report.began_at, step.begun);
            auto const to = seconds_from(report.began_at, step.ended);
            bool const is_side_by_side = step.step == "files";
            chart.add(bar(chart.x(from), Chart::y(i) + (is_side_by_side ? 13 : 4),
                          chart.x(to) - chart.x(from), is_side_by_side ? 8 : 17, colour->value,
                          fmt::format("{}: {:.0f} s to {:.0f} s", step.step, from, to)));
        }
    }
    return legend({kSteps.begin(), kSteps.end()}) + chart.text();
}

std::string tile(std::string_view value, std::string_view what, std::string_view kind = "") {
    return fmt::format("<div class='tile'><b class='{}'>{}</b><span>{}</span></div>", kind, value,
                       what);
}

std::string tiles(Report const& report) {
    std::size_t missing = 0;
    std::size_t writes = 0;
    std::size_t foreign = 0;
    std::size_t requests = 0;
    std::size_t failed = 0;
    std::int64_t longest = 0;
    for (auto const& one : report.tenants) {
        missing += one.writes.missing_comments + one.writes.missing_uploads;
        writes += one.writes.comments + one.writes.uploads;
        foreign += one.foreign.size();
        requests += one.requests;
        failed += one.failed;
        longest = std::max(longest, one.downtime_ms);
    }
    auto const kind = [](bool is_good) { return is_good ? "good" : "bad"; };
    return "<div class='tiles'>" +
           tile(fmt::format("{} of {}", report.good_tenants(), report.tenants.size()),
                "tenants are where they should be",
                kind(report.good_tenants() == report.tenants.size())) +
           tile(fmt::format("{} of {}", missing, writes), "accepted comments and uploads missing",
                kind(missing == 0)) +
           tile(fmt::format("{}", foreign), "pages of another tenant's site", kind(foreign == 0)) +
           tile(fmt::format("{:.1f} s", static_cast<double>(longest) / 1e3),
                "longest downtime; 300 s are promised", kind(longest < kDowntimePromise.count())) +
           tile(fmt::format("{} of {}", failed, requests), "requests failed") + "</div>";
}

std::string cell(auto const& value) {
    return fmt::format("<td>{}</td>", value);
}

std::string latency_cell(Latency const& latency) {
    return latency.visits == 0
               ? "<td>–</td>"
               : fmt::format("<td>{:.0f} / {:.0f}</td>", latency.median_ms, latency.p95_ms);
}

std::string tenants_table(Report const& report) {
    std::string html =
        "<table><tr><th>Tenant<th>Ended as<th>Verdict<th>Took, s<th>Fence, ms<th>Downtime, ms"
        "<th>Failed requests<th>Before, ms<br>50 / 95 %<th>After, ms<br>50 / 95 %"
        "<th>Comments<th>Uploads<th>Missing</tr>";
    for (auto const& one : report.tenants) {
        html += "<tr>" + cell(one.tenant) + cell(escaped(one.state)) +
                fmt::format("<td class='{}'>{}</td>", one.is_good ? "good" : "bad",
                            one.is_good ? "good" : "failed") +
                fmt::format("<td>{:.1f}</td>", static_cast<double>(one.took_ms) / 1e3) +
                cell(one.fence_ms) + cell(one.downtime_ms) +
                fmt::format("<td>{} of {}</td>", one.failed, one.requests) +
                latency_cell(one.before) + latency_cell(one.after) + cell(one.writes.comments) +
                cell(one.writes.uploads) +
                cell(one.writes.missing_comments + one.writes.missing_uploads) + "</tr>";
    }
    return html + "</table>";
}

std::string notes(Report const& report) {
    std::string html = "<ul>";
    auto const note = [&](std::string_view kind, std::string const& text) {
        html += fmt::format("<li class='{}'>{}</li>", kind, escaped(text));
    };
    for (auto const& fault : report.faults) note("bad", fault);
    for (auto const& fault : report.secrets_found) note("bad", fault);
    for (auto const& one : report.tenants) {
        note("", fmt::format("{} {}{}", one.tenant, to_string(one.fate),
                             one.reason.empty() ? "" : ": " + one.reason));
        if (one.runs > 1)
            note("", fmt::format("{}: `migrate` stopped and was carried on {} times", one.tenant,
                                 one.runs - 1));
        for (auto const& fault : one.faults) note("bad", one.tenant + ": " + fault);
        for (auto const& [fault, count] : one.failures)
            note("", fmt::format("{}: {} × {}", one.tenant, count, fault));
    }
    return html + "</ul>";
}

std::string section(std::string_view title, std::string_view what, std::string const& content) {
    return fmt::format("<section><h2>{}</h2><p>{}</p>{}</section>", title, what, content);
}

}  // namespace

std::string page_of(Report const& report) {
    return fmt::format(
               "<!doctype html><html lang='en'><meta charset='utf-8'><meta name='viewport' "
               "content='width=device-width'><title>AIPress rehearsal</title><style>{}</style>"
               "<main><h1>AIPress rehearsal: <span class='{}'>{}</span></h1><p>{} WordPress sites "
               "moved from one project to a shard while visitors used them. {:%Y-%m-%d %H:%M} "
               "UTC, {:.0f} s, seed {}.</p>",
               kStyle, report.is_good() ? "good" : "bad", report.is_good() ? "good" : "failed",
               report.tenants.size(),
               fmt::gmtime(std::chrono::system_clock::to_time_t(report.began_at)),
               static_cast<double>(report.took_ms) / 1e3, report.seed) +
           tiles(report) +
           section("Tenants", "As visitors and the program saw them.", tenants_table(report)) +
           section("Downtime and fence",
                   "The longest time without a good answer while a tenant "
                   "migrated, and how long the program held its writes.",
                   downtime_chart(report)) +
           section("Latency", "Of good pages, before and after each migration.",
                   latency_chart(report)) +
           section("Steps",
                   "Since the rehearsal began. Waiting is for caches to forget the old DNS record.",
                   timeline(report)) +
           section("What happened", "Every failed request, by kind.", notes(report)) +
           "</main></html>\n";
}

}  // namespace aipress::drill
