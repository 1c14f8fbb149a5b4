#include "page_style.h"

namespace luvit {

const char* const page_style =
    R"(:root{color-scheme:light dark;--ink:#1f2328;--soft:#4d5661;--line:#d5dbe1;--paper:#ffffff;--raised:#f5f7f9;--link:#0b5cad;--alert:#fff4e0;--alert-line:#c98500;--shade:#1f232826}
@media (prefers-color-scheme:dark){:root{--ink:#e8ecf0;--soft:#aab4be;--line:#333b43;--paper:#16191d;--raised:#1e2328;--link:#7cc0f5;--alert:#33280f;--alert-line:#f0b840;--shade:#00000090}}
*{box-sizing:border-box}
html{-webkit-text-size-adjust:100%;text-size-adjust:100%}
body{margin:0 auto;max-width:1080px;padding:32px 20px 64px;background:var(--paper);color:var(--ink);font:16px/1.55 system-ui,"Segoe UI",Roboto,"Helvetica Neue","Liberation Sans",Arial,sans-serif;overflow-wrap:anywhere}
h1{font-size:30px;line-height:1.2;margin:0 0 6px}
h2{font-size:22px;line-height:1.25;margin:48px 0 12px;padding-top:16px;border-top:1px solid var(--line)}
h3{font-size:17px;margin:28px 0 8px}
h4{font-size:15px;margin:14px 0 4px}
p{margin:0 0 14px;max-width:72ch}
header p{color:var(--soft);margin:0}
a{color:var(--link);text-underline-offset:2px}
nav{display:flex;flex-wrap:wrap;gap:4px 18px;margin:18px 0 0}
.warning{padding:10px 14px;background:var(--alert);border-left:4px solid var(--alert-line)}
.scroll{overflow-x:auto;max-width:100%;margin-bottom:16px;background:linear-gradient(90deg,var(--paper) 30%,transparent) left/36px 100%,linear-gradient(270deg,var(--paper) 30%,transparent) right/36px 100%,linear-gradient(90deg,var(--shade),transparent) left/12px 100%,linear-gradient(270deg,var(--shade),transparent) right/12px 100%;background-repeat:no-repeat;background-attachment:local,local,scroll,scroll}
table{border-collapse:collapse;font-size:14.5px;line-height:1.4;margin:4px 0 4px}
th,td{padding:6px 14px 6px 0;border-bottom:1px solid var(--line);text-align:left;vertical-align:top;white-space:nowrap}
.long{white-space:normal;min-width:30ch;overflow-wrap:anywhere}
th:last-child,td:last-child{padding-right:4px}
thead th{color:var(--soft);font-weight:600;vertical-align:bottom}
tbody th{font-weight:600}
.number{text-align:right;font-variant-numeric:tabular-nums;white-space:normal;overflow-wrap:normal}
.number span{white-space:nowrap}
dl{display:grid;grid-template-columns:minmax(120px,max-content) 1fr;gap:6px 20px;margin:0 0 18px;font-size:14.5px}
dt{font-weight:600}
dd{margin:0;max-width:76ch}
figure{margin:0;min-width:0}
figcaption{color:var(--soft);font-size:14px;line-height:1.45}
.beside{display:grid;grid-template-columns:repeat(auto-fill,minmax(min(100%,430px),1fr));gap:0 32px;align-items:start}
.beside>*{min-width:0}
.figures{gap:28px 32px;margin:12px 0 20px}
.figures .scroll{margin:0;background:none}
.figures svg.luvit-figure{display:block;max-width:100%;min-width:min(100%,340px);height:auto}
.figures figcaption{padding:6px 10px 0;max-width:430px}
.figures img{display:block;max-width:100%;height:auto}
.gallery{display:grid;grid-template-columns:repeat(auto-fill,minmax(140px,1fr));gap:18px 16px;margin:12px 0 20px}
.gallery img,.missing{display:block;width:100%;height:140px;object-fit:contain;background:var(--raised);margin-bottom:6px}
.small{image-rendering:pixelated}
.missing{display:flex;align-items:center;justify-content:center;color:var(--soft);font-size:13px}
.gallery figcaption{font-size:13px}
.panels th,.panels td{padding:3px 6px 3px 0;border:0;font-size:12.5px}
.panels thead th{white-space:normal;max-width:80px}
.panels tbody th{font-weight:400;color:var(--soft);white-space:normal;min-width:14ch}
.panels tbody th div:first-child{color:var(--ink);font-weight:600}
.panels img{display:block;width:80px;height:80px;object-fit:contain;background:var(--raised)}
.gallery figcaption div:first-child{color:var(--ink);font-weight:600}
@media (max-width:560px){body{padding:20px 14px 48px;font-size:15px}tbody th{white-space:normal;min-width:16ch}h1{font-size:25px}h2{font-size:20px;margin-top:36px}table{font-size:12.5px}th,td{padding:5px 8px 5px 0}dl{display:block}dd{margin:0 0 10px}.gallery{grid-template-columns:repeat(auto-fill,minmax(120px,1fr))}.gallery img,.missing{height:120px}}
@media print{body{max-width:none}nav{display:none}figure,tr{break-inside:avoid}}
)";

}  // namespace luvit
