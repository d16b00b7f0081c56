// Before anything is drawn: language and theme as chosen last time, so that nothing flashes.
{
  const asked = new URLSearchParams(location.search).get("lang");
  const language = asked === "en" || asked === "fa" ? asked : localStorage.getItem("language") ?? "fa";
  document.documentElement.lang = language;
  document.documentElement.dir = language === "fa" ? "rtl" : "ltr";
  const dark = matchMedia("(prefers-color-scheme: dark)");
  const follow = () => {
    document.documentElement.dataset.theme = localStorage.getItem("theme") ?? (dark.matches ? "dark" : "light");
  };
  follow();
  dark.addEventListener("change", follow);
  addEventListener("beforeprint", () => {
    document.documentElement.dataset.theme = "light"; // paper is white
  });
  addEventListener("afterprint", follow);
}
