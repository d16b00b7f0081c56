/** Words of signing in, in both languages. */

export const WORDS = {
  fa: {
    title: "ورود به بازخورد", lead: "کلیدی را که به شما داده‌اند اینجا بگذارید.",
    key: "کلید", show: "نمایش", hide: "پنهان", busy: "یک لحظه…", command: "فرمان ساختن کلید", name: "NAME",
    empty: "کلید را بنویسید یا بچسبانید.",
    wrong: "این کلید جایی را باز نمی‌کند. شاید ناقص کپی شده باشد یا باطل شده باشد؛ از کسی که آن را داده بپرسید.",
    tooMany: "چند بار پشت سر هم امتحان شد. یک دقیقه صبر کنید و دوباره بزنید.",
    what: "کلید چیست و از چه کسی بگیرم؟",
    isKey: "کلید رشته‌ای است که با ‎bzk_‎ آغاز می‌شود و می‌گوید چه چیزهایی را می‌بینید و آیا می‌توانید برچسب‌ها را اصلاح کنید.",
    who: "کسی که بازخورد را راه انداخته کلید را می‌سازد. کلید تنها یک بار نشان داده می‌شود:",
    kept: "پس از ورود، کلید در این مرورگر نمی‌ماند. به جایش کوکی‌ای می‌ماند که پس از چندی خودبه‌خود تمام می‌شود و «خروج» آن را همان دم پاک می‌کند.",
  },
  en: {
    title: "Sign in to bazkhord", lead: "Put in the key that you were given.",
    key: "Key", show: "Show", hide: "Hide", busy: "One moment…", command: "Command that makes a key", name: "NAME",
    empty: "Type or paste your key.",
    wrong: "This key opens nothing. It may have been copied in part, or revoked; ask whoever gave it to you.",
    tooMany: "Too many tries in a row. Wait a minute and try again.",
    what: "What is a key, and who gives me one?",
    isKey: "A key is a string that begins with bzk_. It says what you see, and whether you may correct labels.",
    who: "Whoever runs bazkhord makes it. A key is shown only once:",
    kept: "Once you are signed in, the key does not stay in this browser. A cookie stands for it; it ends by itself after some days, and at once with “Sign out”.",
  },
};
