// Before anything is drawn: language and theme as chosen last time, so that nothing flashes.
{
  const asked = new URLSearchParams(location.search).get("lang");
  const language = asked === "en" || asked === "fa" ? asked : localStorage.getItem("language") ?? "fa";
  document.documentElement.lang = language;
  document.documentElement.dir = language === "fa" ? "rtl" : "ltr";
  const theme = localStorage.getItem("theme");
  if (theme === "light" || theme === "dark") document.documentElement.dataset.theme = theme;
}
