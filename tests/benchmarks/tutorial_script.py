"""Approves batches the way every Selenium tutorial shows it; the reference for ours.

`python tutorial_script.py URL USER PASSWORD FOLDER` signs in, then approves the batches named on
each line of its input and prints how many seconds that line took.
"""

import os
import sys
import time
from pathlib import Path

from selenium import webdriver
from selenium.webdriver.chrome.service import Service
from selenium.webdriver.common.by import By
from selenium.webdriver.support import expected_conditions as EC  # noqa: N812
from selenium.webdriver.support.ui import WebDriverWait

portal, username, password, folder = sys.argv[1:]

options = webdriver.ChromeOptions()
options.add_argument("--headless=new")
options.add_argument("--no-sandbox")
options.add_argument("--disable-dev-shm-usage")
options.add_argument("--window-size=1280,1024")
options.binary_location = os.environ["CHROME_BINARY"]
driver = webdriver.Chrome(options=options, service=Service(os.environ["CHROMEDRIVER"]))
wait = WebDriverWait(driver, 20)


def sign_in() -> None:
    driver.get(f"{portal}/login")
    driver.find_element(By.ID, "username").send_keys(username)
    driver.find_element(By.ID, "password").send_keys(password)
    driver.find_element(By.CSS_SELECTOR, "button[type=submit]").click()
    wait.until(EC.presence_of_element_located((By.CLASS_NAME, "dashboard")))


def approve(batch: str) -> None:
    driver.get(f"{portal}/esc/batches/{batch}")
    wait.until(EC.presence_of_element_located((By.CLASS_NAME, "status")))
    driver.save_screenshot(str(Path(folder, f"{batch}-before.png")))
    wait.until(EC.element_to_be_clickable((By.CLASS_NAME, "approve-btn"))).click()
    wait.until(EC.visibility_of_element_located((By.ID, "remark"))).send_keys("Approved")
    wait.until(EC.element_to_be_clickable((By.ID, "confirm-approve"))).click()
    wait.until(EC.visibility_of_element_located((By.CLASS_NAME, "alert-success")))
    driver.refresh()
    status = wait.until(EC.presence_of_element_located((By.CLASS_NAME, "status"))).text
    if status != "Approved":
        raise RuntimeError(f"{batch} is {status}")
    driver.save_screenshot(str(Path(folder, f"{batch}-after.png")))


try:
    sign_in()
    for line in sys.stdin:
        began = time.perf_counter()
        for batch in line.split():
            approve(batch)
        print(time.perf_counter() - began, flush=True)
finally:
    driver.quit()
