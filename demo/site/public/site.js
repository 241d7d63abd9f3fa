const button = document.querySelector('.menu-button');
const nav = document.getElementById('site-nav');
if (button && nav) {
  document.documentElement.classList.add('has-menu');
  button.hidden = false;
  const set = (open) => {
    button.setAttribute('aria-expanded', String(open));
    nav.classList.toggle('open', open);
  };
  button.addEventListener('click', () => set(button.getAttribute('aria-expanded') !== 'true'));
  nav.addEventListener('keydown', (event) => {
    if (event.key === 'Escape') {
      set(false);
      button.focus();
    }
  });
}
